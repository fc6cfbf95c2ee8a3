/// Loads of integers in network byte order: the only unsafe lines of this module.
///
/// Every bit pattern is a valid integer, no alignment is asked for, and the loads trap when out of bounds, so a
/// forgotten length check is a crash in a test and never a read of foreign memory.
extension RawSpan {
    @inlinable @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inlinable @inline(__always)
    func uint16(at offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inlinable @inline(__always)
    func uint32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inlinable @inline(__always)
    func uint64(at offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Throws unless `count` bytes follow `offset`.
    @inlinable @inline(__always)
    func require(_ count: Int, at offset: Int, for header: DecodingError.Header) throws(DecodingError) {
        guard byteCount - offset >= count else { throw .truncated(header) }
    }
}
