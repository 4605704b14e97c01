import TensorFiles

extension Tensor {
    /// Pixels, [frames, height, width, 3], as the built-in encoder takes them: [frames, 3, height, width], about 0.
    public func networkInput() -> Tensor {
        let (frames, area) = (shape[0], shape[1] * shape[2])
        return Tensor(shape: [frames, 3, shape[1], shape[2]]) { target in
            withUnsafeBuffer { source in
                for i in 0..<(3 * frames) {
                    for p in 0..<area { target[i * area + p] = (source[(i / 3 * area + p) * 3 + i % 3] - 127) / 128 }
                }
            }
        }
    }

    /// N x C x H x W as N x H x W x C, the layout of maps between networks.
    public func channelsLast() -> Tensor {
        let (n, c, area) = (shape[0], shape[1], shape[2] * shape[3])
        return Tensor(shape: [n, shape[2], shape[3], c]) { target in
            withUnsafeBuffer { source in
                for i in 0..<n {
                    for channel in 0..<c {
                        for p in 0..<area { target[(i * area + p) * c + channel] = source[(i * c + channel) * area + p] }
                    }
                }
            }
        }
    }
}

/// ||a - b|| / ||b||; infinite when the sizes differ.
public func relativeL2(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    var difference = 0.0
    var norm = 0.0
    for (x, y) in zip(a, b) {
        difference += Double(x - y) * Double(x - y)
        norm += Double(y) * Double(y)
    }
    return norm == 0 ? difference.squareRoot() : (difference / norm).squareRoot()
}

/// The largest absolute difference; infinite when the sizes differ.
public func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
