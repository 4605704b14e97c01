import Foundation
import Media
import SAMPT
import Support

/// Plays an annotator who sees the truth of every frame and corrects one object in a session, click by click.
///
/// After a click only what it touches is computed (`AnnotationSession.propagate`), and only masks that changed are measured again.
struct SimulatedAnnotator {
    static let object: ObjectID = 1

    let task: SimulationTask
    let options: SimulationOptions
    private(set) var measured: MeasuredObject
    private(set) var history: [Interaction] = []
    private(set) var reached90: Int?
    private(set) var reached95: Int?
    private let session: AnnotationSession
    private var generator: SeededGenerator
    /// Frames before it are given away: masks there do not change any more (SAM 2's online protocol).
    var firstOpenFrame = 0
    private let progress: (@Sendable (_ interactions: Int, _ frame: Int) -> Void)?

    /// - Throws: what opening the session throws; `SimulationError.frameSizeDiffers`.
    init(
        _ task: SimulationTask, segmenter: VideoSegmenter, video: any FrameSource, options: SimulationOptions, seed: UInt64,
        featureBytes: UInt64, progress: (@Sendable (_ interactions: Int, _ frame: Int) -> Void)? = nil
    ) async throws {
        (self.task, self.options, self.progress) = (task, options, progress)
        if let truth = task.truths.compactMap(\.self).first, truth.size != video.size {
            throw SimulationError.frameSizeDiffers(video: task.video.name.text, frames: video.size, truth: truth.size)
        }
        measured = MeasuredObject(task)
        generator = SeededGenerator(seed: seed, streams: UInt64(task.id), 17)
        var segmenter = segmenter
        segmenter.options = options.methodOptions(segmenter.options)
        segmenter.options.seed = seed
        session = try await onThread { [segmenter] in
            try AnnotationSession(segmenter, video: video, featureBudget: featureBytes)
        }
        try await session.apply(.addObject(object: Self.object))
    }

    var now: SimulationPoint {
        let means = measured.means
        return SimulationPoint(interactions: history.count, j: means.j, f: means.f)
    }

    // MARK: One interaction

    private enum Change {
        case remove(track: Int, at: SIMD2<Float>, isPositive: Bool)
        case add(SimulatedClick)
    }

    /// Corrects a frame once: takes away a point that is wrong there, or else clicks.
    /// - Parameters:
    ///   - left: the budget, for the history.
    ///   - threshold: for the history.
    ///   - propagates: whether the change is followed into other frames now.
    /// - Returns: false where nothing is wrong.
    mutating func interact(
        at frame: Int, left: Int, threshold: Double?, propagating propagates: Bool
    ) async throws -> Bool {
        try Task.checkCancellation()
        guard let truth = measured.truth(frame), let mask = measured.mask(frame) else { return false }
        let start = ContinuousClock.now
        let place = AnchorPlace(object: Self.object, frame: frame)
        let change: Change
        if let wrong = try await wrongTrack(at: frame, truth) {
            change = .remove(track: wrong.id, at: wrong.position, isPositive: wrong.isPositive)
        } else if let click = options.click.click(prediction: mask, truth: truth, using: &generator) {
            change = .add(click)
        } else {
            return false
        }
        let (before, overall) = ((j: measured.j[frame], f: measured.f[frame]), now)
        switch change {
        case .remove(let track, _, _): try await session.apply(.removeTrack(place, track: track))
        case .add(let click):
            // An object that is not to be seen is said to be so; nothing goes out from there.
            if options.tracks, options.policy == .anchored, truth.isEmpty {
                try await session.apply(.setMask(place, RunLengthMask(Mask(size: truth.size))))
            } else {
                try await session.apply(.addPoint(place, point: nil, position: click.position, isPositive: click.isPositive))
            }
        }
        var computed = 0
        try await refresh(frame...frame)
        if propagates, options.tracks { computed = try await propagate(from: frame) }
        note(change, at: frame, before, overall, left, threshold, computed, start.secondsAgo)
        progress?(history.count, frame)
        return true
    }

    /// Follows what was said in a frame into the others.
    /// - Returns: how many frames were computed.
    @discardableResult
    mutating func propagate(from frame: Int, _ direction: PropagationDirection = .both) async throws -> Int {
        guard try await !isUnusable(frame) else { return 0 }
        var (changed, computed) = (Set<Int>(), 0)
        let range = direction == .both ? nil : firstOpenFrame...(session.video.frameCount - 1)
        do {
            for try await news in session.propagate(Propagation(range: range, direction: direction, policy: options.policy)) {
                for ranges in news.changed.values { for range in ranges { changed.formUnion(range) } }
                computed = news.framesDone
            }
        } catch SessionError.nothingToPropagate {
            return 0
        }
        try Task.checkCancellation()
        for frame in changed.sorted() { try await refresh(frame...frame) }
        return computed
    }

    /// Whether a frame's clicks give no mask, so that nothing can go out from it although the object is there.
    private func isUnusable(_ frame: Int) async throws -> Bool {
        guard let object = session.state.object(Self.object), object.anchors[frame] != nil else { return false }
        // With the paper's policy a correction counts as points; only the first frame's mask is one.
        guard options.policy == .anchored || object.queryFrame == frame else { return false }
        guard measured.truth(frame)?.isEmpty != true else { return false }
        return try await session.mask(of: Self.object, at: frame)?.mask.map { $0.area == 0 } ?? true
    }

    /// Gives up what was said in a frame when it came to nothing.
    mutating func leave(_ frame: Int) async throws {
        guard options.tracks, try await isUnusable(frame) else { return }
        let start = ContinuousClock.now
        try await session.apply(.clearAnchor(AnchorPlace(object: Self.object, frame: frame)))
        let computed = try await propagate(from: frame, firstOpenFrame > 0 ? .forward : .both)
        try await refresh(task.frames)
        amendLast(computed, start.secondsAgo)
    }

    /// Follows the clicks of a frame into the others.
    mutating func followLast(from frame: Int, _ direction: PropagationDirection) async throws {
        let start = ContinuousClock.now
        let computed = try await propagate(from: frame, direction)
        amendLast(computed, start.secondsAgo)
    }

    /// The history's last entry has what was done after it.
    private mutating func amendLast(_ computed: Int, _ seconds: Double) {
        guard let last = history.indices.last else { return }
        let after = now
        (history[last].iouAfter, history[last].boundaryAfter) = (measured.j[history[last].frame], measured.f[history[last].frame])
        (history[last].overallIouAfter, history[last].overallBoundaryAfter, history[last].jfAfter) = (after.j, after.f, after.jf)
        history[last].framesComputed += computed
        history[last].seconds += seconds
        noteReached()
    }

    private mutating func refresh(_ range: ClosedRange<Int>) async throws {
        for frame in range where frame >= firstOpenFrame && measured.truth(frame) != nil {
            measured.update(frame, try await session.mask(of: Self.object, at: frame)?.mask)
        }
    }

    /// A point on the wrong side: a negative one on the object, or else a positive one beside it; of several the one that was there first.
    /// Where points are sampled anew from masks, nobody looks after single ones.
    private func wrongTrack(at frame: Int, _ truth: BitMask) async throws -> PromptPoint? {
        guard options.tracks, options.policy == .paper, let object = session.state.object(Self.object) else { return nil }
        let points: [PromptPoint]
        if let anchor = object.anchors[frame] {
            points = anchor.base?.points ?? []
        } else {
            points = try await session.tracks(of: Self.object, in: frame...frame)[frame] ?? []
        }
        let wrong = points.filter { point in
            guard point.isVisible else { return false }
            let x = max(0, min(truth.size.width - 1, Int(point.position.x.rounded(.down))))
            let y = max(0, min(truth.size.height - 1, Int(point.position.y.rounded(.down))))
            return truth[x, y] != point.isPositive
        }.sorted { $0.id < $1.id }
        return wrong.first { !$0.isPositive } ?? wrong.first
    }

    private mutating func note(
        _ change: Change, at frame: Int, _ before: (j: Double, f: Double), _ overall: SimulationPoint, _ left: Int, _ threshold: Double?,
        _ computed: Int, _ seconds: Double
    ) {
        let (action, position, isPositive): (Interaction.Action, SIMD2<Float>, Bool) =
            switch change {
            case .remove(_, let position, let isPositive): (.remove, position, isPositive)
            case .add(let click): (.add, click.position, click.isPositive)
            }
        let after = now
        history.append(
            Interaction(
                action: action, type: isPositive ? .positive : .negative, frame: frame, frameName: task.video.frameNames[frame],
                x: position.x, y: position.y, interactionsLeft: left, threshold: threshold, iouBefore: before.j,
                iouAfter: measured.j[frame], boundaryBefore: before.f, boundaryAfter: measured.f[frame], overallIouBefore: overall.j,
                overallIouAfter: after.j, overallBoundaryBefore: overall.f, overallBoundaryAfter: after.f, jfBefore: overall.jf,
                jfAfter: after.jf, framesComputed: computed, seconds: seconds))
        noteReached()
    }

    private mutating func noteReached() {
        if reached90 == nil, measured.share(reaching: 0.9) == 1 { reached90 = history.count }
        if reached95 == nil, measured.share(reaching: 0.95) == 1 { reached95 = history.count }
    }
}
