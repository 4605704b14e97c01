import TensorFiles

/// A frame's feature map and its 2 x 2 averages, finest first.
struct FeaturePyramid: Sendable {
    let levels: [FeatureMap]

    /// - Precondition: there is a level, and all have the same number of channels.
    init(levels: [FeatureMap]) {
        precondition(!levels.isEmpty && levels.allSatisfy { $0.channels == levels[0].channels })
        self.levels = levels
    }

    var channels: Int { levels[0].channels }
}
