import CPcap
import Glibc

/// Reading from an interface without libpcap.
extension Capture {
    /// Takes packets that are in the ring.
    mutating func readRing(_ room: Int) throws(CaptureError) {
        let count = ring!.read(limit: room) { packet in
            unsafe Self.receive(
                &reader, packet.seconds, packet.nanoseconds, packet.bytes, captured: packet.captured,
                length: packet.length + (packet.tag == nil ? 0 : 4))
            if unsafe reader.recorder != nil { Self.record(packet, to: reader) }
        }
        if count == 0 { try checkInterface() }
    }

    /// Writes a packet of the ring to a file, with its VLAN tag.
    @inline(never)
    private static func record(_ packet: PacketRing.Packet, to reader: borrowing Reader) {
        var bytes = unsafe [UInt8](UnsafeRawBufferPointer(start: packet.bytes, count: packet.captured))
        let addresses = 12
        if let (kind, control) = packet.tag, bytes.count >= addresses {
            let tag = [kind, control].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
            bytes.insert(contentsOf: tag, at: addresses)
        }
        let header = pcap_pkthdr(
            ts: timeval(tv_sec: Int(packet.seconds), tv_usec: Int(packet.nanoseconds)), caplen: UInt32(bytes.count),
            len: packet.length + (packet.tag == nil ? 0 : 4))
        unsafe bytes.withUnsafeBufferPointer { unsafe record(header, $0.baseAddress!, to: reader) }
    }

    /// Throws if the interface is gone, or its socket has failed; one that is down is waited for.
    private mutating func checkInterface() throws(CaptureError) {
        var status = pollfd(fd: socket, events: 0, revents: 0)
        if unsafe poll(&status, 1, 0) > 0, status.revents & Int16(POLLERR) != 0 {
            var problem: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            _ = unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size)
            guard problem == ENETDOWN || problem == 0 else {
                throw CaptureError(
                    code: .other, subject: name, function: "poll", status: -1,
                    detail: unsafe String(cString: strerror(problem)))
            }
            wasDown = problem == ENETDOWN
        }
        guard wasDown, unsafe if_nametoindex(name) != interfaceIndex else { return }
        throw CaptureError(
            code: .other, subject: name, function: "poll", status: -1, detail: "The interface disappeared")
    }
}
