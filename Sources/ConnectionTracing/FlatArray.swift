/// An array that is never shared: changing an element asks nobody whether it is.
///
/// Every access checks its bounds.
@safe
struct FlatArray<Element: BitwiseCopyable>: ~Copyable {
    private var elements: UnsafeMutablePointer<Element>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 8
        unsafe elements = .allocate(capacity: capacity)
    }

    deinit {
        unsafe elements.deallocate()
    }

    mutating func append(_ element: Element) {
        if count == capacity {
            let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
            unsafe grown.update(from: elements, count: count)
            unsafe elements.deallocate()
            unsafe elements = grown
            capacity *= 2
        }
        unsafe (elements + count).initialize(to: element)
        count += 1
    }

    subscript(index: Int) -> Element {
        @inline(__always) _read {
            precondition(index >= 0 && index < count)
            yield unsafe elements[index]
        }
        @inline(__always) _modify {
            precondition(index >= 0 && index < count)
            yield unsafe &elements[index]
        }
    }
}
