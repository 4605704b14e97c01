import Media

extension IndexMask {
    /// At another size: each pixel has the id of the one that its centre lies in.
    func sampled(at target: ImageSize) -> IndexMask {
        guard target != size else { return self }
        return IndexMask(width: target.width, height: target.height, values: VideoBenchmarks.sampled(values, size, at: target))
    }
}

extension Mask {
    /// At another size: each pixel is as the one that its centre lies in.
    func sampled(at target: ImageSize) -> Mask {
        guard target != size else { return self }
        return Mask(width: target.width, height: target.height, values: VideoBenchmarks.sampled(values, size, at: target))
    }
}

private func sampled<Label>(_ values: [Label], _ size: ImageSize, at target: ImageSize) -> [Label] {
    func places(_ count: Int, of whole: Int) -> [Int] { (0..<count).map { (2 * $0 + 1) * whole / (2 * count) } }
    let (columns, rows) = (places(target.width, of: size.width), places(target.height, of: size.height))
    return [Label](unsafeUninitializedCapacity: target.pixelCount) { pixels, count in
        values.withUnsafeBufferPointer { values in
            columns.withUnsafeBufferPointer { columns in
                var place = 0
                for row in rows {
                    let start = row * size.width
                    for x in 0..<columns.count {
                        pixels.initializeElement(at: place, to: values[start + columns[x]])
                        place += 1
                    }
                }
                count = place
            }
        }
    }
}
