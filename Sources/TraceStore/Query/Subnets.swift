internal import GRDBSQLite
internal import IPVSModel

/// The functions `in_subnet` and `subnet`. What is no address has no subnet: the result is NULL, as for NULL.
enum Subnets {
    typealias Function = @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void

    static let contains: Function = { context, _, arguments in
        guard let address = unsafe Subnets.address(arguments), let cidr = unsafe Subnets.text(arguments, 1) else {
            return unsafe sqlite3_result_null(context)
        }
        guard let subnet = Subnet(cidr) else {
            return unsafe SQLFunctions.fail(
                context, "in_subnet: \"\(cidr)\" is no subnet; write one as 192.168.122.0/24 or fd00::/8")
        }
        unsafe sqlite3_result_int(context, subnet.contains(address) ? 1 : 0)
    }

    static let subnet: Function = { context, _, arguments in
        guard let address = unsafe Subnets.address(arguments), let bits = unsafe Subnets.text(arguments, 1) else {
            return unsafe sqlite3_result_null(context)
        }
        guard let bits = Int(bits), let subnet = Subnet(of: address, bits: bits) else {
            let most = address.isIPv4 ? 32 : 128
            return unsafe SQLFunctions.fail(context, "subnet: bits are from 0 to \(most) for \(address), not \(bits)")
        }
        unsafe SQLFunctions.give(context, subnet.description)
    }

    private static func address(_ arguments: UnsafeMutablePointer<OpaquePointer?>?) -> IPAddress? {
        unsafe text(arguments, 0).flatMap { IPAddress($0) }
    }

    private static func text(_ arguments: UnsafeMutablePointer<OpaquePointer?>?, _ index: Int) -> String? {
        guard let arguments = unsafe arguments, let text = unsafe sqlite3_value_text(arguments[index]) else {
            return nil
        }
        return unsafe String(cString: text)
    }
}

/// The addresses that share so many leading bits.
struct Subnet: CustomStringConvertible {
    private let network: IPAddress
    /// From 0 to 32 for IPv4, to 128 for IPv6.
    private let bits: Int

    /// - Returns: `nil` if the family has no so many bits.
    init?(of address: IPAddress, bits: Int) {
        guard (0...(address.isIPv4 ? 32 : 128)).contains(bits) else { return nil }
        self.bits = bits
        let fixed = address.isIPv4 ? bits + 96 : bits
        let mask = { (count: Int) in count <= 0 ? UInt64(0) : ~UInt64(0) << UInt64(64 - min(count, 64)) }
        network = IPAddress(high: address.high & mask(fixed), low: address.low & mask(fixed - 64))
    }

    /// Reads `192.168.122.0/24`, `fd00::/8`, or an address alone; bits behind the prefix are ignored.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let most = address.isIPv4 ? 32 : 128
        guard let bits = parts.count == 1 ? most : Int(parts[1]) else { return nil }
        self.init(of: address, bits: bits)
    }

    func contains(_ address: IPAddress) -> Bool {
        address.isIPv4 == network.isIPv4 && Self(of: address, bits: bits)?.network == network
    }

    var description: String { "\(network)/\(bits)" }
}
