import CPcap
import Glibc
package import PacketDecoding

/// A live interface or a capture file, with its packets decoded into a queue.
///
/// Confinement: used by one thread at a time.
///
/// The corresponding C type is `pcap_t`.
@safe
package struct Capture: ~Copyable {
    /// Of a file that ``CaptureFileReader`` reads it only knows the format.
    private let handle: OpaquePointer
    /// Reads the file, if libpcap does not.
    private var file: CaptureFileReader?
    /// Reads from the interface, if libpcap does not.
    var ring: PacketRing?
    /// Of an interface that was down when it was last asked: its number, to know it again.
    let interfaceIndex: UInt32
    var wasDown = false
    /// The interface's name or the file's path.
    package let name: String
    package let tap: Tap
    package let isLive: Bool
    private let linkType: LinkType
    /// Nothing more comes from a file: it was read to its end, or a read failed and what follows is not trusted.
    package private(set) var isAtEnd = false
    var reader: Reader
    private var recorder: OpaquePointer?

    /// What a packet is received by; the callback of `pcap_dispatch` knows nothing else.
    @safe
    struct Reader: ~Copyable {
        var decoder: PacketDecoder
        var queue: PacketQueue
        var recorder: OpaquePointer?
        /// What of a file that libpcap does not read is wanted; `nil` if everything is.
        var filter: KernelFilter?
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        let fractionInNanoseconds: Int64
    }

    /// Takes ownership of `handle`; nobody else may close it afterwards.
    private init(
        adopting handle: OpaquePointer, file: consuming CaptureFileReader? = nil, name: String, tap: Tap, isLive: Bool,
        linkType: LinkType
    ) {
        unsafe self.handle = handle
        self.file = file
        ring = nil
        interfaceIndex = isLive ? unsafe if_nametoindex(name) : 0
        self.name = name
        self.tap = tap
        self.isLive = isLive
        self.linkType = linkType
        unsafe recorder = nil
        let isNano = unsafe pcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO
        reader = unsafe Reader(
            decoder: PacketDecoder(linkType: linkType, tap: tap),
            // Live, the last moment's packets always wait: room for several times as many, so that they rarely move.
            queue: PacketQueue(capacity: isLive ? 131_072 : 4_096), fractionInNanoseconds: isNano ? 1 : 1_000)
    }

    deinit {
        if let recorder = unsafe recorder { unsafe pcap_dump_close(recorder) }
        unsafe pcap_close(handle)
    }

    /// Opens an interface for capture.
    ///
    /// - Throws: ``CaptureError`` naming the interface.
    ///
    /// The corresponding C functions are `pcap_create` and `pcap_activate`.
    package static func open(
        interface name: String, tap: Tap, options: LiveCaptureOptions = LiveCaptureOptions()
    ) throws(CaptureError) -> Capture {
        var message = ErrorText()
        guard let handle = unsafe message.write({ unsafe pcap_create(name, $0) }) else {
            throw CaptureError(
                code: .other, subject: name, function: "pcap_create", status: -1, detail: message.description)
        }
        unsafe pcap_set_snaplen(handle, options.snapshotLength)
        unsafe pcap_set_buffer_size(handle, options.bufferBytes)
        unsafe pcap_set_timeout(handle, options.timeoutMilliseconds)
        unsafe pcap_set_promisc(handle, 0)
        unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
        let status = unsafe pcap_activate(handle)
        guard status >= 0 else {
            let detail = unsafe String(cString: pcap_geterr(handle))
            unsafe pcap_close(handle)
            let code: CaptureError.Code =
                switch status {
                case PCAP_ERROR_NO_SUCH_DEVICE: .interfaceNotFound
                case PCAP_ERROR_PERM_DENIED: .notPermitted
                case PCAP_ERROR_IFACE_NOT_UP: .interfaceDown
                default: .other
                }
            throw CaptureError(code: code, subject: name, function: "pcap_activate", status: status, detail: detail)
        }
        var capture = try unsafe adopt(handle, name: name, tap: tap, isLive: true)
        guard unsafe message.write({ unsafe pcap_setnonblock(capture.handle, 1, $0) }) == 0 else {
            throw CaptureError(
                code: .other, subject: name, function: "pcap_setnonblock", status: -1, detail: message.description)
        }
        // Of the loopback interface libpcap leaves out every packet's way out.
        if capture.linkType == .ethernet, !InterfaceFinder.isLoopback(name) {
            capture.ring = PacketRing.map(
                capture.socket, bufferBytes: Int(options.bufferBytes), snapshotLength: Int(options.snapshotLength))
        }
        return capture
    }

    /// Opens a pcap or pcapng file.
    ///
    /// - Throws: ``CaptureError`` naming the file.
    ///
    /// The corresponding C function is `pcap_fopen_offline_with_tstamp_precision`.
    package static func open(file path: String, tap: Tap) throws(CaptureError) -> Capture {
        guard let file = unsafe fopen(path, "rb") else {
            throw CaptureError(
                code: .fileUnreadable, subject: path, function: "fopen", status: -1,
                detail: unsafe String(cString: strerror(errno)))
        }
        if let reader = unsafe CaptureFileReader.adopt(file) { return Capture(reading: reader, name: path, tap: tap) }
        var message = ErrorText()
        let precision = UInt32(PCAP_TSTAMP_PRECISION_NANO)
        guard
            let handle = unsafe message.write({
                unsafe pcap_fopen_offline_with_tstamp_precision(file, precision, $0)
            })
        else {
            unsafe fclose(file)
            throw CaptureError(
                code: .notACapture, subject: path, function: "pcap_fopen_offline_with_tstamp_precision", status: -1,
                detail: message.description)
        }
        return try unsafe adopt(handle, name: path, tap: tap, isLive: false)
    }

    /// Whether what `path` names can be read only once.
    package static func isPipe(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
            && status.st_mode & S_IFMT != S_IFDIR
    }

    private init(reading file: consuming CaptureFileReader, name: String, tap: Tap) {
        let linkType = file.linkType
        // The number that files use for raw IP is not the one that libpcap uses within a program.
        let handle = unsafe pcap_open_dead_with_tstamp_precision(
            (linkType == .rawIPInFile ? .rawIP : linkType).rawValue, Int32(file.snapshotLength),
            UInt32(PCAP_TSTAMP_PRECISION_NANO))
        unsafe self.init(
            adopting: handle!, file: file, name: name, tap: tap, isLive: false, linkType: linkType)
    }

    private static func adopt(
        _ handle: OpaquePointer, name: String, tap: Tap, isLive: Bool
    ) throws(CaptureError) -> Capture {
        let number = unsafe pcap_datalink(handle)
        guard let linkType = LinkType(rawValue: number) else {
            let known = unsafe pcap_datalink_val_to_name(number)
            let text = unsafe known.map { unsafe String(cString: $0) } ?? "number \(number)"
            unsafe pcap_close(handle)
            throw CaptureError(
                code: .unsupportedLinkType, subject: name, function: "pcap_datalink", status: number,
                detail: "link-layer type \(text)")
        }
        return unsafe Capture(adopting: handle, name: name, tap: tap, isLive: isLive, linkType: linkType)
    }

    /// The file descriptor to wait on, for live captures.
    ///
    /// The corresponding C function is `pcap_get_selectable_fd`.
    package var descriptor: Int32 { unsafe pcap_get_selectable_fd(handle) }

    /// The socket itself.
    ///
    /// The corresponding C function is `pcap_fileno`.
    var socket: Int32 { unsafe pcap_fileno(handle) }

    /// Packets that were read, decodable or not.
    package var packetsRead: UInt64 { reader.packets }
    /// Bytes of those packets on the wire.
    package var bytesRead: UInt64 { reader.bytes }
    /// How many packets could not be decoded, by reason.
    package var failureCounts: [(error: DecodingError, count: UInt64)] { reader.decoder.failureCounts }
    /// How many packets the queue can still take.
    package var room: Int { reader.queue.free }
    package var firstTime: Int64? { reader.queue.firstTime }
    package var lastTime: Int64? { reader.queue.lastTime }

    /// Restricts what reaches us; packets that do not match cost nothing but the filter. Of tunnels, looks inside those
    /// that the filter names.
    ///
    /// Of the filter's expressions the first is used whose program the kernel takes. Between the old filter and the new
    /// one no packet is lost.
    package mutating func setFilter(_ filter: CaptureFilter) throws(CaptureError) {
        setTunnelPorts(filter.tunnelPorts)
        let expressions = linkType == .ethernet ? filter.tagged : [filter.untagged, filter.byProtocol]
        var problem: CaptureError?
        for expression in expressions {
            do throws(CaptureError) {
                return try setFilter(expression)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    /// Restricts what reaches us.
    ///
    /// - Parameter expression: In the language of pcap-filter(7).
    package mutating func setFilter(_ expression: String) throws(CaptureError) {
        let filter = try unsafe KernelFilter.compile(expression, for: handle, named: name)
        if file != nil {
            reader.filter = consume filter
        } else if isLive, linkType == .ethernet {
            // Where libpcap makes up the link's header it has to rewrite the program: only it can install that.
            try unsafe filter.attach(to: handle, named: name)
        } else {
            try unsafe filter.install(on: handle, named: name)
        }
    }

    /// Looks for packets inside UDP datagrams to these ports of real servers: generic UDP encapsulation.
    package mutating func setTunnelPorts(_ ports: [UInt16]) { reader.decoder.setTunnelPorts(ports) }

    /// Writes every packet read from now on to a pcap file with nanosecond times.
    ///
    /// The corresponding C function is `pcap_dump_open`.
    package mutating func record(to path: String) throws(CaptureError) {
        guard let dumper = unsafe pcap_dump_open(handle, path) else {
            throw CaptureError(
                code: .fileUnwritable, subject: path, function: "pcap_dump_open", status: -1,
                detail: unsafe String(cString: pcap_geterr(handle)))
        }
        unsafe recorder = dumper
        unsafe reader.recorder = dumper
    }

    /// Reads packets into the queue until `limit` were read, none are left, or the queue is full.
    ///
    /// - Returns: How many packets were read; 0 at the end of a file, or when nothing waits on an interface.
    /// - Throws: ``CaptureError`` if libpcap reports a read error. Packets read before it are in the queue.
    ///
    /// The corresponding C function is `pcap_dispatch`.
    package mutating func fill(limit: Int) throws(CaptureError) -> Int {
        let room = min(limit, reader.queue.free)
        guard room > 0, !isAtEnd else { return 0 }
        reader.queue.reserve(room)
        let before = reader.packets
        if file != nil {
            try readFile(room)
        } else if ring != nil {
            try readRing(room)
        } else {
            try dispatch(room)
        }
        if reader.packets == before { isAtEnd = !isLive }
        return Int(reader.packets - before)
    }

    private mutating func readFile(_ room: Int) throws(CaptureError) {
        do throws(CaptureFileReader.Damage) {
            let before = reader.packets
            while reader.packets == before {
                let isPlain = unsafe reader.filter == nil && reader.recorder == nil
                let count =
                    isPlain
                    ? try file!.read(limit: room) { Self.receivePlainly(&reader, $0) }
                    : try file!.read(limit: room) { Self.receive(&reader, $0) }
                if count < room { break }
            }
        } catch {
            isAtEnd = true
            throw CaptureError(
                code: .damaged, subject: name, function: "fread", status: -1,
                detail: "\(error.detail) after \(reader.packets) packets")
        }
    }

    private mutating func dispatch(_ room: Int) throws(CaptureError) {
        let status = unsafe withUnsafeMutablePointer(to: &reader) { reader in
            unsafe pcap_dispatch(
                handle, Int32(room),
                { user, header, bytes in
                    guard let user = unsafe user, let header = unsafe header?.pointee, let bytes = unsafe bytes else {
                        return
                    }
                    let reader = unsafe UnsafeMutableRawPointer(user).assumingMemoryBound(to: Reader.self)
                    unsafe Capture.receive(&reader.pointee, header, bytes)
                }, UnsafeMutableRawPointer(reader).assumingMemoryBound(to: u_char.self))
        }
        guard status >= 0 else {
            isAtEnd = !isLive
            throw CaptureError(
                code: isLive ? .other : .damaged, subject: name, function: "pcap_dispatch", status: status,
                detail: unsafe "\(String(cString: pcap_geterr(handle))) after \(reader.packets) packets")
        }
    }

    /// Reads what waits on an interface, and forgets it.
    mutating func discard() {
        guard ring == nil else {
            _ = ring!.read(limit: .max) { _ in }
            return
        }
        while unsafe pcap_dispatch(handle, -1, { _, _, _ in }, nil) > 0 {}
    }

    /// Takes a packet from libpcap.
    private static func receive(_ reader: inout Reader, _ header: pcap_pkthdr, _ bytes: UnsafePointer<u_char>) {
        // A damaged file may hold any number; beyond the year 2106 sums of times could overflow.
        let seconds = UInt32(clamping: header.ts.tv_sec)
        let fraction = max(Int64(header.ts.tv_usec) * reader.fractionInNanoseconds, 0)
        unsafe receive(
            &reader, seconds, fraction, UnsafeRawPointer(bytes), captured: Int(header.caplen), length: header.len)
        if unsafe reader.recorder != nil { unsafe record(header, bytes, to: reader) }
    }

    @inline(never)
    static func record(_ header: pcap_pkthdr, _ bytes: UnsafePointer<u_char>, to reader: borrowing Reader) {
        guard let recorder = unsafe reader.recorder else { return }
        var header = header
        unsafe pcap_dump(UnsafeMutableRawPointer(recorder).assumingMemoryBound(to: u_char.self), &header, bytes)
    }

    /// Takes a packet of a file that libpcap does not read.
    @inline(never)
    private static func receive(_ reader: inout Reader, _ record: CaptureFileReader.Record) {
        if reader.filter != nil {
            guard unsafe reader.filter!.matches(record.header, record.packet) else { return }
        }
        receivePlainly(&reader, record)
        if unsafe reader.recorder != nil { unsafe Self.record(record.header, record.packet, to: reader) }
    }

    /// The same where every packet is wanted, and none is written elsewhere.
    @inline(__always)
    private static func receivePlainly(_ reader: inout Reader, _ record: CaptureFileReader.Record) {
        unsafe receive(
            &reader, record.seconds, record.nanoseconds, record.bytes, captured: record.captured,
            length: record.length)
    }

    @inline(__always)
    static func receive(
        _ reader: inout Reader, _ seconds: UInt32, _ nanoseconds: Int64, _ bytes: UnsafeRawPointer, captured: Int,
        length: UInt32
    ) {
        reader.packets &+= 1
        reader.bytes &+= UInt64(length)
        let span = unsafe RawSpan(_unsafeStart: bytes, byteCount: captured)
        let time = Int64(seconds) &* 1_000_000_000 &+ min(nanoseconds, 999_999_999)
        if reader.decoder.decode(span, wireLength: Int(length), time: time, into: &reader.queue.next) {
            reader.queue.commit()
        }
    }

    /// Lends the packets that are older than `time` to `body`, oldest first, and drops them from the queue.
    package mutating func take(before time: Int64, _ body: (Span<PacketSummary>) -> Void) -> Int {
        reader.queue.take(before: time, body)
    }

    /// Lends the packets of two captures that are older than `time` as one sequence in order of time.
    static func merge(
        _ first: inout Capture, _ second: inout Capture, before time: Int64, _ body: (Span<PacketSummary>) -> Void
    ) -> Int {
        PacketQueue.merge(&first.reader.queue, &second.reader.queue, before: time, body)
    }

    /// What the kernel dropped; all zero for a file.
    ///
    /// The corresponding C function is `pcap_stats`.
    package var dropCounts: (byKernel: UInt64, byInterface: UInt64) {
        var statistics = pcap_stat()
        guard isLive, unsafe pcap_stats(handle, &statistics) == 0 else { return (0, 0) }
        return (UInt64(statistics.ps_drop), UInt64(statistics.ps_ifdrop))
    }

    /// Makes sure that what was recorded is in the file.
    package mutating func flushRecording() {
        if let recorder = unsafe recorder { unsafe pcap_dump_flush(recorder) }
    }
}

/// How a live interface is captured.
package struct LiveCaptureOptions: Sendable, Hashable {
    /// Bytes kept of each packet: headers with two VLAN tags, of a packet in a tunnel or in an ICMP error too, and no
    /// payload to speak of.
    package var snapshotLength: Int32 = 160
    /// The kernel's ring.
    package var bufferBytes: Int32 = 32 << 20
    /// How long the kernel may keep a block of packets before handing it over.
    package var timeoutMilliseconds: Int32 = 10

    package init() {}
}

/// A buffer for libpcap's error messages.
private struct ErrorText: CustomStringConvertible {
    private var bytes = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))

    mutating func write<Result>(_ body: (UnsafeMutablePointer<CChar>) -> Result) -> Result {
        unsafe bytes.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
    }

    var description: String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
