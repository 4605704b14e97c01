import Media

/// The direction of time in which points are tracked.
public enum TimeDirection: Int, Sendable, CaseIterable {
    case forward = 1
    case backward = -1
}

extension FrameStore {
    /// How many frames follow `frame` in a direction.
    func framesAfter(_ frame: Int, _ direction: TimeDirection) -> Int {
        direction == .forward ? frames.upperBound - 1 - frame : frame - frames.lowerBound
    }
}

/// Where a tracked point is in the current frame.
public struct TrackedPoint: Sendable, Hashable {
    /// Unique within a session, counting up in the order of adding.
    public var id: Int
    /// In pixels of the frame; pixel centres at +0.5. Also given (as a guess) where the point is not visible.
    public var position: SIMD2<Float>
    /// How sure the tracker is that the point is visible at this position, 0 to 1.
    public var confidence: Float
    /// Whether the tracker takes the point as visible, at its own threshold, and inside the frame.
    public var isVisible: Bool

    public init(id: Int, position: SIMD2<Float>, confidence: Float, isVisible: Bool) {
        (self.id, self.position, self.confidence, self.isVisible) = (id, position, confidence, isVisible)
    }
}

/// Follows points through a video.
public protocol PointTracker: Sendable {
    /// Short, as on the command line.
    var name: String { get }
    /// Whether sessions look at no frame beyond the one they advance to, so that they can follow a live source. False unless a tracker says
    /// so.
    var isCausal: Bool { get }
    /// Why it follows nothing: what stands for a tracker that is not there says so. nil: it does.
    var unavailability: String? { get }
    /// Starts at `frame` without any points. Feature maps live in `video`'s cache, where other users find them.
    func start(on video: FrameStore, at frame: Int, direction: TimeDirection) throws -> any TrackingSession
    /// Loads the networks that so many points are followed with in frames of this size, so that this can go on beside other work. Whoever
    /// does not call it has them loaded when they are needed. Nothing unless a tracker says otherwise.
    func loadNetworks(for size: ImageSize, points: Int) throws
}

extension PointTracker {
    public var isCausal: Bool { false }
    public var unavailability: String? { nil }
    public func loadNetworks(for size: ImageSize, points: Int) throws {}
}

/// Points being followed from frame to frame in one direction of time.
///
/// Not for several threads at once. Trackers that need to look ahead (windows) read further frames from the store themselves; callers just
/// advance.
public protocol TrackingSession: AnyObject {
    /// The frame that `points` belongs to.
    var frame: Int { get }
    /// All points, ascending by id.
    var points: [TrackedPoint] { get }
    /// Adds points at `frame`; in that frame they are visible, unless they lie outside it. Points with equal `group` move together
    /// (parts of one object); trackers may use that.
    /// - Returns: the ids of the new points, in order.
    @discardableResult
    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int]
    /// Adds points that each have a group of their own choice; as many groups as positions. A tracker that prepares new points with a
    /// network does it for all at once here; the default implementation adds them group by group.
    @discardableResult
    func add(_ positions: [SIMD2<Float>], groups: [Int]) throws -> [Int]
    /// Stops following points; unknown ids are ignored.
    func remove(_ ids: Set<Int>)
    /// Moves on to the next frame in the session's direction.
    /// - Throws: `MediaError.frameOutOfRange` past the video's end, `MediaError` when a frame cannot be decoded; the session then stays in
    ///   its old frame.
    func advance() throws
}

extension TrackingSession {
    @discardableResult
    public func add(_ positions: [SIMD2<Float>], groups: [Int]) throws -> [Int] {
        precondition(positions.count == groups.count, "as many groups as points")
        var ids: [Int] = []
        var start = 0
        while start < positions.count {
            let end = groups[start...].firstIndex { $0 != groups[start] } ?? positions.count
            ids += try add(Array(positions[start..<end]), group: groups[start])
            start = end
        }
        return ids
    }
}
