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

    /// Gives an object those pixels of its mask that no object has yet.
    /// - Precondition: the mask has this size; `id` is 1 to 65535.
    /// - Returns: the mask without the pixels of others.
    @discardableResult
    public mutating func add(_ mask: Mask, id: Int) -> Mask {
        precondition(mask.size == size && (1...65535).contains(id), "an IndexMask takes masks of its size, of objects 1 to 65535")
        let id = UInt16(id)
        var taken = 0
        values.withUnsafeMutableBufferPointer { values in
            mask.values.withUnsafeBufferPointer { mask in
                for pixel in mask.indices where mask[pixel] != 0 {
                    if values[pixel] == 0 { values[pixel] = id } else if values[pixel] != id { taken += 1 }
                }
            }
        }
        guard taken > 0 else { return mask }
        return Mask(width: width, height: height, values: zip(values, mask.values).map { $0 == id && $1 != 0 ? 1 : 0 })
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
