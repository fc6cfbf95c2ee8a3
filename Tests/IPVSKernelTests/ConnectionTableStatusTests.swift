import IPVSKernel
import Testing

/// The text is made after the kernel's source, not taken from a running one.
@Suite struct ConnectionTableStatusTests {
    private static let text = """
        Conns:\t12345
        Conn buckets:\t8192 (13 bits, lfactor -4)
        Conn buckets empty:\t1234 (15%)
        Conn buckets len-1:\t2345 (33%, 2345)
        Conn buckets len-2:\t2000 (28%, 4000)
        Services:\t3
        Service buckets:\t8 (3 bits, lfactor -3)
        Service buckets empty:\t5 (62%)
        Stats thread slots:\t1 (max 16)
        Stats chain max len:\t16
        Stats thread ests:\t12

        """

    @Test func `entries and buckets are read, whatever stands around them`() throws {
        let expected = ConnectionTableStatus(entries: 12_345, buckets: 8_192)
        #expect(try ConnectionTableStatus.parse(Self.text, source: "F") == expected)
        let reversed = Self.text.split(separator: "\n").reversed().joined(separator: "\n")
        #expect(try ConnectionTableStatus.parse(reversed, source: "F") == expected)
    }

    @Test(arguments: [
        "", "Conns:\t1\n", "Conn buckets:\t1\n", "Conns:\nConn buckets:\t1\n", "Conns:\t-1\nConn buckets:\t1\n",
    ])
    func `a text without both is an error that names the file`(text: String) {
        #expect {
            try ConnectionTableStatus.parse(text, source: "F")
        } throws: {
            "\($0)".hasPrefix("cannot read F: the number of connections or of buckets is missing")
        }
    }

    @Test func `a kernel without the file tells nothing, and one with it tells its size`() throws {
        var paths = LiveKernel.Paths()
        paths.status = "/proc/self/net/ip_vs_status_of_no_kernel"
        #expect(LiveKernel(paths: paths).connectionTableStatus() == nil)
        try withFile(Self.text.utf8) { path in
            paths.status = path
            #expect(LiveKernel(paths: paths).connectionTableStatus()?.entries == 12_345)
        }
    }
}
