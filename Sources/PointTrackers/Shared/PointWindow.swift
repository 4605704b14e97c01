import TensorFiles

/// A network that refines the estimates of points in a window of frames, all together.
///
/// Positions are in cells of the finest map, cell centres at whole numbers.
protocol PointWindow: Sendable {
    /// Frames of a window.
    var frames: Int { get }
    /// Frames from one window's start to the next's, from 1 to `frames - 1` where a clip may have several windows.
    var step: Int { get }
    /// The visibility, as a logit, that a point starts with.
    var initialVisibility: Float { get }
    /// Whether the frames that continue a short clip count as the clip's end to `PointWindowStart.mask`, which is then 0.
    var masksFramesPastEnd: Bool { get }
    /// What is kept of a point's looks where it was queried. Always of the same count.
    func template(at position: SIMD2<Float>, in pyramid: FeaturePyramid) -> [Float]
    /// - Parameter pyramids: one for each frame of the window.
    /// - Returns: one for each start.
    func callAsFunction(_ starts: [PointWindowStart], pyramids: [FeaturePyramid], observer: PointWindowObserver?) throws -> [PointEstimate]
}

/// What a window starts from, for one point.
struct PointWindowStart: Sendable {
    /// The point's features where it was queried.
    var template: [Float]
    var estimate: PointEstimate
    /// 1 in frames that are new to the point and not before its query.
    var mask: [Float]
    /// False for a point that is queried after the window, which only the references let take part; its template is all 0.
    var isActive = true
}

/// What is known of one point in a window; arrays have one element for each frame.
struct PointEstimate: Sendable {
    var positions: [SIMD2<Float>]
    /// Logits.
    var visibility: [Float]
    /// Logits of how exact the position is; empty where the network knows none.
    var confidence: [Float] = []

    subscript(frame: Int) -> PointState {
        PointState(position: positions[frame], visibility: visibility[frame], confidence: confidence.isEmpty ? 0 : confidence[frame])
    }
}

/// What is known of one point in one frame; zeros where nothing has been computed.
struct PointState: Sendable, Hashable {
    /// In cells of the finest map.
    var position = SIMD2<Float>.zero
    /// A logit.
    var visibility: Float = 0
    /// A logit of how exact the position is; 0 where the network knows none.
    var confidence: Float = 0
}

/// Sees what each iteration of a window starts from and results in; for tests. `outputs` are those of the network that updates the points.
typealias PointWindowObserver = (
    _ iteration: Int, _ starts: [PointWindowStart], _ estimates: [PointEstimate], _ tokens: Tensor, _ outputs: [String: Tensor]
) -> Void
