/// One object id for every pixel; 0 is background. What VOS datasets store as palette PNGs.
public struct IndexMask: Sendable, Equatable {
    public let size: ImageSize
    /// `width * height` object ids, row-major.
    public var values: [UInt16]

    public var width: Int { size.width }
    public var height: Int { size.height }

    /// All background.
    public init(width: Int, height: Int) {
        size = ImageSize(width: width, height: height)
        values = [UInt16](repeating: 0, count: width * height)
    }

    /// - Precondition: `values.count == width * height`.
    public init(width: Int, height: Int, values: [UInt16]) {
        precondition(values.count == width * height, "IndexMask needs one value a pixel")
        size = ImageSize(width: width, height: height)
        self.values = values
    }

    /// The pixels of one object.
    public func mask(of id: Int) -> Mask {
        Mask(width: width, height: height, values: values.map { Int($0) == id ? 1 : 0 })
    }

    /// Every pixel that belongs to some object.
    public var foreground: Mask {
        Mask(width: width, height: height, values: values.map { $0 != 0 ? 1 : 0 })
    }

    /// The ids that occur, ascending, without background.
    public var ids: [Int] {
        var seen = Set<UInt16>()
        var last: UInt16 = 0
        for value in values where value != last {
            seen.insert(value)
            last = value
        }
        seen.remove(0)
        return seen.map(Int.init).sorted()
    }
}
