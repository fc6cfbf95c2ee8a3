/// Round numbers along an axis.
enum Ticks {
    /// From 0 to at least `maximum`, in steps of 1, 2 or 5 times a power of ten.
    ///
    /// - Parameters:
    ///   - count: How many steps at most.
    ///   - whole: Whether only whole numbers mean something.
    static func values(upTo maximum: Double, count: Int, whole: Bool = false) -> [Double] {
        guard maximum > 0, maximum.isFinite else { return [0, 1] }
        var step = whole ? 1.0 : 1e-9
        // 1, 2, 5, 10, 20, 50 …
        var factors = [2, 2.5, 2][...]
        while maximum / step > Double(count) {
            step *= factors.first ?? 2
            factors = factors.count > 1 ? factors.dropFirst() : [2, 2.5, 2][...]
        }
        return (0...Int((maximum / step).rounded(.up))).map { Double($0) * step }
    }
}
