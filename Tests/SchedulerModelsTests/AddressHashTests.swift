import IPVSModel
import SchedulerModels
import Testing

@Suite struct AddressHashTests {
    /// The fifth of `test_vectors_hsiphash` for 64-bit machines in the kernel's `lib/test_siphash.c`: four bytes.
    @Test func `the hash of one word is the kernel's`() {
        #expect(halfSipHash(0x0302_0100, key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)) == 0x88d3_8328)
    }

    @Test func `an IPv6 address is folded word by word`() {
        #expect(IPAddress("1:2:3:4:5:6:7:8")!.folded == 0x0001_0002 ^ 0x0003_0004 ^ 0x0005_0006 ^ 0x0007_0008)
        #expect(IPAddress("192.168.122.100")!.folded == 0xc0a8_7a64)
    }

    @Test func `a product is cut to the highest bits`() {
        #expect(goldenHash(1, bits: 8) == 0x61)
        #expect(goldenHash(0xffff_ffff, bits: 8) == 0x9e)
    }
}
