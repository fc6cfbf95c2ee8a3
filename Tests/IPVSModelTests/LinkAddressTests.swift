import IPVSModel
import Testing

@Suite struct LinkAddressTests {
    @Test(
        arguments: [
            (0x0242_0a0a_0a14, "02:42:0a:0a:0a:14"), (0, "00:00:00:00:00:00"), (0xffff_ffff_ffff, "ff:ff:ff:ff:ff:ff"),
            (0x1_0000_0000_0001, "00:00:00:00:00:01"),
        ] as [(UInt64, String)])
    func `a link address has 48 bits, and one text that reads back`(bits: UInt64, text: String) {
        let address = LinkAddress(bits: bits)
        #expect(address.description == text)
        #expect(LinkAddress(text) == address)
        #expect(LinkAddress(text.uppercased()) == address)
    }

    @Test(arguments: [
        "", "02", "02:42:0a:0a:0a", "02:42:0a:0a:0a:14:00", "2:42:0a:0a:0a:14", "02:42:0a:0a:0a:1g",
        "+2:42:0a:0a:0a:14",
        "02-42-0a-0a-0a-14", "02:42:0a:0a:0a:14 ", "02:42:0a:0a:0a:",
    ])
    func `text that is no link address is refused`(text: String) {
        #expect(LinkAddress(text) == nil)
    }
}
