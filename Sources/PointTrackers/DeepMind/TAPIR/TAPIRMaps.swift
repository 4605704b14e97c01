import Foundation
import Media
import TensorFiles

/// TAPIR's feature maps of a frame.
struct TAPIRMaps: Sendable {
    /// Cells x channels each, as `TAPIREncoder` gives them.
    let levels: [Tensor]
}

extension TAPIRMaps: StorableFeatures {
    var storedBytes: Data {
        var bytes = Data(capacity: levels.reduce(0) { $0 + 4 * $1.count })
        for level in levels { level.withUnsafeBuffer { bytes.append($0) } }
        return bytes
    }

    init?(storedBytes: Data, frame: ImageSize) {
        var levels: [Tensor] = []
        var rest = storedBytes[...]
        var side = TAPIRNetwork.side / 4
        while !rest.isEmpty, side > 0 {
            let shape = [side * side, levels.isEmpty ? TAPIRNetwork.highChannels : TAPIRNetwork.lowChannels]
            let part = rest.prefix(4 * shape[0] * shape[1])
            rest = rest.dropFirst(part.count)
            guard part.count == 4 * shape[0] * shape[1] else { return nil }
            levels.append(
                Tensor(shape: shape) { target in
                    part.withUnsafeBytes { UnsafeMutableRawBufferPointer(target).copyMemory(from: $0) }
                })
            side /= 2
        }
        guard rest.isEmpty, levels.count >= 2 else { return nil }
        self.init(levels: levels)
    }
}
