import Glibc
package import IPVSModel

/// Finds the interfaces of a director from its virtual services and real servers.
package enum InterfaceFinder {
    /// The interface that holds `address`, for a virtual IP.
    ///
    /// The corresponding C function is `getifaddrs`.
    package static func interface(holding address: IPAddress) -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return nil }
        defer { unsafe freeifaddrs(list) }
        var next = unsafe list
        while let interface = unsafe next {
            if let socketAddress = unsafe interface.pointee.ifa_addr,
                unsafe Self.address(of: socketAddress) == address
            {
                return unsafe String(cString: interface.pointee.ifa_name)
            }
            unsafe next = unsafe interface.pointee.ifa_next
        }
        return nil
    }

    /// Whether an interface is the loopback one, on which every packet is seen twice.
    ///
    /// The corresponding C function is `getifaddrs`.
    static func isLoopback(_ name: String) -> Bool {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return false }
        defer { unsafe freeifaddrs(list) }
        var next = unsafe list
        while let interface = unsafe next {
            if unsafe String(cString: interface.pointee.ifa_name) == name {
                return unsafe interface.pointee.ifa_flags & UInt32(IFF_LOOPBACK) != 0
            }
            unsafe next = unsafe interface.pointee.ifa_next
        }
        return false
    }

    /// The interface that the route to `destination` leaves by, for a real server.
    ///
    /// Asks the kernel for the source address it would use; nothing is sent.
    ///
    /// The corresponding C functions are `connect` and `getsockname` on a datagram socket.
    package static func interface(towards destination: IPAddress) -> String? {
        let family = destination.isIPv4 ? AF_INET : AF_INET6
        let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var storage = sockaddr_storage()
        let length = fill(&storage, with: destination)
        let source = unsafe withUnsafeMutableBytes(of: &storage) { bytes -> IPAddress? in
            let pointer = unsafe bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            var size = length
            guard unsafe connect(descriptor, pointer, length) == 0 else { return nil }
            size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            guard unsafe getsockname(descriptor, pointer, &size) == 0 else { return nil }
            return unsafe address(of: pointer)
        }
        return source.flatMap(interface(holding:))
    }

    private static func fill(_ storage: inout sockaddr_storage, with address: IPAddress) -> socklen_t {
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            let base = bytes.baseAddress!
            // Any port: none is ever sent to.
            let port = UInt16(9).bigEndian
            if address.isIPv4 {
                var v4 = sockaddr_in()
                v4.sin_family = sa_family_t(AF_INET)
                v4.sin_port = port
                v4.sin_addr.s_addr = address.ipv4Bits.bigEndian
                unsafe base.storeBytes(of: v4, as: sockaddr_in.self)
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
            var v6 = sockaddr_in6()
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port
            unsafe withUnsafeMutableBytes(of: &v6.sin6_addr) { target in
                unsafe target.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                unsafe target.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            unsafe base.storeBytes(of: v6, as: sockaddr_in6.self)
            return socklen_t(MemoryLayout<sockaddr_in6>.size)
        }
    }

    private static func address(of socketAddress: UnsafePointer<sockaddr>) -> IPAddress? {
        let raw = unsafe UnsafeRawPointer(socketAddress)
        switch Int32(unsafe socketAddress.pointee.sa_family) {
        case AF_INET:
            return IPAddress(ipv4: UInt32(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        case AF_INET6:
            return IPAddress(
                high: UInt64(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                low: UInt64(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)))
        default:
            return nil
        }
    }
}
