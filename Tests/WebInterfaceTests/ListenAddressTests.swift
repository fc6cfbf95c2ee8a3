import Testing
import WebInterface

struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:19100", "127.0.0.1", 19100), ("[::1]:19100", "::1", 19100), (":19100", "", 19100),
        ("0.0.0.0:0", "0.0.0.0", 0), ("director-1.example:65535", "director-1.example", 65535),
        ("[2001:db8::1]:80", "2001:db8::1", 80),
    ])
    func `an address is read, and written the same way`(text: String, host: String, port: Int) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: UInt16(port)))
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", "19100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:http",
        "::1:19100",
        "[::1]", "[::1:19100", "[127.0.0.1]:19100", "[nonsense]:19100", "256.0.0.1:19100", "127.1:19100",
        "http://127.0.0.1:19100", "a b:19100",
    ])
    func `what is no address is refused in one line that shows how to write one`(text: String) {
        let error = #expect(throws: WebInterfaceError.self) { try ListenAddress(parsing: text) }
        #expect(error?.code == .invalidAddress)
        #expect(
            error?.description
                == "\"\(text)\" is not an address to listen on; give --web.listen-address as ADDRESS:PORT, "
                + "such as 127.0.0.1:19100, [::1]:19100 or :19100")
    }
}
