import Media
import NeuralGraph
import TensorFiles

/// The part of SAM's square input that a frame fills, as far as an image encoder can tell it from the rest.
///
/// The rest is zeros. What layers that look only a little around make of zeros is the same with every frame: it is computed once, on a
/// blank input, and becomes part of the network (`BlankMaps`). Of each frame only those lines (rows, or columns of an upright frame) are
/// computed that it has an influence on. Results are those of the whole input, up to rounding.
struct FilledPart: Hashable, Sendable {
    /// Of maps with channels last: 1 for rows, 2 for columns.
    var axis: Int
    /// How many attention windows of the first stage that has any the frame reaches.
    var windows: Int
    /// Lines of the input, in pixels, that the encoder starts from.
    var inputLength: Int

    var key: String { "\(axis == 1 ? "rows" : "columns")\(windows)" }

    /// The input that goes with it.
    var inputShape: [Int] {
        var shape = [1, 3, SAMInputGrid.side, SAMInputGrid.side]
        shape[axis + 1] = inputLength
        return shape
    }
}

extension SAMArchitecture {
    /// - Parameter resized: a frame's size in the input.
    /// - Returns: nil where there is little to be saved.
    func filledPart(of resized: ImageSize) -> FilledPart? {
        let (axis, length) = resized.height <= resized.width ? (1, resized.height) : (2, resized.width)
        let part =
            switch encoder {
            case .viT(let shape): shape.filledPart(length)
            case .tinyViT(let shape): shape.filledPart(length)
            }
        return part.map { FilledPart(axis: axis, windows: $0.windows, inputLength: $0.inputLength) }
    }
}

extension SAMArchitecture.ViT {
    /// Patches do not overlap, and until the first block with attention to everything windows know nothing of each other.
    fileprivate func filledPart(_ length: Int) -> (windows: Int, inputLength: Int)? {
        guard let first = firstGlobalBlock, first > 0 else { return nil }
        let window = 16 * attentionSides[0]
        let windows = (length + window - 1) / window
        return windows * window < SAMInputGrid.side ? (windows, windows * window) : nil
    }
}

extension SAMArchitecture.TinyViT {
    fileprivate func filledPart(_ length: Int) -> (windows: Int, inputLength: Int)? {
        var reach = length
        for stride in [2, 2] + [Int](repeating: 1, count: depths[0]) + [2] { reach = Self.reach(reach, stride: stride) }
        let windows = (reach + self.windows[0] - 1) / self.windows[0]
        guard lines(windows, atBlock: depths[1] + 1) <= SAMInputGrid.side / 8 else { return nil }
        // Convolutions take the end of what they are given for the image's, which is wrong for the last line of each that follows on
        // another.
        return (windows, 8 * lines(windows, atBlock: 0) + 4 * depths[0])
    }

    /// Lines of the output of a 3 x 3 convolution that depend on the first `count` lines of its input.
    static func reach(_ count: Int, stride: Int) -> Int { (count + stride) / stride }

    /// Lines that a block of stage 1 starts from: whole windows. Each block's convolution lets the frame reach a line of the next window.
    func lines(_ windows: Int, atBlock index: Int) -> Int { (windows + index) * self.windows[0] }
}

/// Maps that an encoder makes of a blank input, by name, each 1 x side x side x channels.
struct BlankMaps {
    private let maps: [String: Tensor]

    init(_ maps: [String: Tensor]) { self.maps = maps }

    /// Some lines of a map.
    fileprivate func lines(_ range: Range<Int>, of name: String, axis: Int) -> Tensor? {
        guard let map = maps[name] else { return nil }
        let (side, channels) = (map.shape[1], map.shape[3])
        let (rows, length) = axis == 1 ? (1, side * channels) : (side, channels)
        var shape = map.shape
        shape[axis] = range.count
        return map.withUnsafeBuffer { values in
            Tensor(
                shape: shape,
                (0..<rows).flatMap { row in
                    values[((row * side + range.lowerBound) * length)..<((row * side + range.upperBound) * length)]
                })
        }
    }
}

extension Value {
    /// With the lines of a blank input's map, `name`, that follow on its own, up to `end`.
    func extended(_ part: FilledPart, to end: Int, _ blank: BlankMaps, _ name: String) -> Value {
        guard shape[part.axis] < end, let rest = blank.lines(shape[part.axis]..<end, of: name, axis: part.axis) else { return self }
        let added = rest.reshaped([1, rest.shape[1], rest.shape[2] * rest.shape[3]])
        return ofRows { .concatenate([$0, graph.constant(added, name: "blank:\(name)")], axis: part.axis) }
    }

    /// The first lines.
    func cropped(_ part: FilledPart, to count: Int) -> Value {
        guard count < shape[part.axis] else { return self }
        return ofRows { $0.sliced(axis: part.axis, 0..<(part.axis == 1 ? count : count * shape[3])) }
    }

    /// Works on rows as they lie in memory, 1 x rows x (columns channels): with four axes the engine would take them for maps and reorder
    /// them.
    private func ofRows(_ change: (Value) -> Value) -> Value {
        let rows = change(reshaped([1, shape[1], shape[2] * shape[3]]))
        return rows.reshaped([1, rows.shape[1], rows.shape[2] / shape[3], shape[3]])
    }
}
