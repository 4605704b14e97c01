import Media
import Support
import Testing

@testable import SAMPT

@Suite("Propagations that are stopped and gone on with")
struct SessionContinuingTests {
    enum Kind: CaseIterable {
        /// Two anchors: two spans in each direction.
        case directed
        /// Without re-initialisation both directions are one piece of work.
        case joint
        case paperCorrection

        var options: VideoSegmenterOptions {
            var options = VideoSegmenterOptions()
            options.reinitialization.variant = self == .directed ? .rolling : nil
            return options
        }

        var propagation: Propagation { Propagation(policy: self == .paperCorrection ? .paper : .anchored) }

        func marked(tracker: FakeTracker = FakeTracker()) async throws -> SessionFixture {
            let fixture = try SessionFixture(frames: 60, options: options, tracker: tracker)
            try await fixture.add(1, frame: 5)
            try await fixture.add(2, frame: 5, mask: SessionFixture.other)
            switch self {
            case .directed: try await fixture.click(1, 50, MovingDisk.center(50))
            case .joint: break
            case .paperCorrection:
                try await fixture.propagate(propagation)
                try await fixture.click(1, 12, MovingDisk.center(12) + SIMD2(0, 4))
                _ = (fixture.segmenter.decoded.takeCounts(), fixture.tracker.steps.takeCounts())
            }
            return fixture
        }
    }

    private func propagate(_ fixture: SessionFixture, _ propagation: Propagation, stopping after: Int) async throws {
        for try await news in fixture.session.propagate(propagation) where news.framesDone >= after { break }
    }

    @Test(
        "It goes on where it was stopped: no frame is tracked or decoded twice, and the bytes are those of one go", arguments: Kind.allCases
    )
    func goesOn(kind: Kind) async throws {
        let whole = try await kind.marked()
        try await whole.propagate(kind.propagation)
        let (decoded, tracked) = (whole.segmenter.decoded.takeCounts(), whole.tracker.steps.takeCounts())
        #expect(!decoded.isEmpty && !tracked.isEmpty)
        let fixture = try await kind.marked()
        for after in [8, 20, 40] { try await propagate(fixture, kind.propagation, stopping: after) }
        let news = try await fixture.propagate(kind.propagation)
        #expect(news.last?.ending == .complete && news.last?.framesDone == news.last?.framesTotal)
        #expect(fixture.segmenter.decoded.takeCounts() == decoded)
        #expect(fixture.tracker.steps.takeCounts() == tracked)
        #expect(areEqual(try await fixture.results(), try await whole.results()))
        // It is one propagation, also in the log.
        let count = { (fixture: SessionFixture) in fixture.store.loadLog().count { $0.edit.kind == "propagate" } }
        #expect(count(fixture) == count(whole))
        #expect(try await fixture.session.spans(of: 1).allSatisfy { $0.progress == .current })
    }

    @Test("Until it has come to its end, it is known that an undo would take back a propagation like that, and not an edit made meanwhile")
    func undoWouldTakeItBack() async throws {
        let fixture = try await Kind.joint.marked()
        let session = fixture.session
        #expect(!session.isAtUnfinishedPropagation)
        for try await news in session.propagate(Propagation()) where news.framesDone >= 8 {
            #expect(session.isAtUnfinishedPropagation)
            try await session.apply(.renameObject(object: 1, name: "disk"))
            #expect(!session.isAtUnfinishedPropagation)
            try await session.apply(.undo)
            break
        }
        #expect(session.isAtUnfinishedPropagation)
        try await fixture.propagate()
        #expect(!session.isAtUnfinishedPropagation)
    }

    @Test("Further frames of a range that was done are computed alone") func furtherFrames() async throws {
        let fixture = try SessionFixture(frames: 60)
        try await fixture.add(1, frame: 5)
        try await fixture.propagate(Propagation(range: 10...20, direction: .forward))
        #expect(fixture.segmenter.decoded.takeCounts().keys.max() == 20)
        try await fixture.propagate(Propagation(range: 10...40, direction: .forward))
        let counts = fixture.segmenter.decoded.takeCounts()
        #expect(counts.keys.min() == 21 && counts.keys.max() == 40)
        try await fixture.propagate()
        let whole = try SessionFixture(frames: 60)
        try await whole.add(1, frame: 5)
        try await whole.propagate()
        #expect(areEqual(try await fixture.results(), try await whole.results()))
    }

    @Test("Opened again, it is the same propagation; what its units began is computed from their anchors") func reopened() async throws {
        let whole = try await Kind.directed.marked()
        try await whole.propagate()
        let fixture = try await Kind.directed.marked()
        try await propagate(fixture, Propagation(), stopping: 70)
        while fixture.session.core.history.reached.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        let again = try SessionFixture(frames: 60, options: Kind.directed.options, store: fixture.store)
        let news = try await again.propagate()
        #expect(news.last?.number == 1 && again.store.loadLog().count { $0.edit.kind == "propagate" } == 1)
        #expect(areEqual(try await again.results(), try await whole.results()))
    }

    @Test("What was done stays visible while it goes on") func visible() async throws {
        let fixture = try await Kind.directed.marked()
        try await fixture.propagate(Propagation(range: 6...30, direction: .forward))
        var isOutdated = false
        for try await _ in fixture.session.propagate(Propagation(direction: .forward)) {
            let result = try await fixture.session.result(at: 20)
            isOutdated = isOutdated || result.objects[0].mask.isEmpty
        }
        #expect(!isOutdated)
    }

    @Test("After an edit, and with trackers that look ahead, it starts at the anchor; the bytes are the same")
    func startsAgain() async throws {
        let whole = try await Kind.directed.marked()
        try await whole.click(1, 50, MovingDisk.center(50) + 1)
        try await whole.propagate()
        let fixture = try await Kind.directed.marked(tracker: FakeTracker(isCausal: false))
        try await propagate(fixture, Propagation(), stopping: 20)
        try await fixture.click(1, 50, MovingDisk.center(50) + 1)
        try await propagate(fixture, Propagation(), stopping: 20)
        try await fixture.propagate()
        #expect(areEqual(try await fixture.results(), try await whole.results()))
    }

    /// Refuses the first result that holds a frame, as a disk does that is full for a moment.
    private final class Hesitating: SessionStore {
        let base = InMemorySessionStore()
        let frame: Int
        private let hasFailed = Protected(false)

        init(at frame: Int) { self.frame = frame }

        func loadLog() throws -> [LoggedEdit] { base.loadLog() }
        func append(_ edit: LoggedEdit) throws { base.append(edit) }
        func save(_ frames: [SpanFrame], of key: SpanKey) throws {
            if frames.contains(where: { $0.index == frame }), !hasFailed.withLock({ $0 }) {
                hasFailed.withLock { $0 = true }
                throw FileError.unwritable(path: "p", reason: "the disk is full")
            }
            base.save(frames, of: key)
        }
        func frame(_ index: Int, of key: SpanKey) throws -> SpanFrame? { try base.frame(index, of: key) }
        func summaries(of key: SpanKey, in frames: ClosedRange<Int>) -> [FrameSummary] { base.summaries(of: key, in: frames) }
    }

    @Test(
        "What cannot be kept leaves no gap: what was before it is there, and what comes behind is computed again", arguments: [9, 20, 58])
    func gap(frame: Int) async throws {
        let whole = try SessionFixture(frames: 60)
        try await whole.add(1, frame: 0)
        try await whole.propagate()
        let store = Hesitating(at: frame)
        let session = try AnnotationSession(whole.models, video: whole.video, store: store)
        try await session.apply(.addObject(object: 1))
        try await session.apply(.setMask(AnchorPlace(object: 1, frame: 0), RunLengthMask(whole.video.mask(0))))
        await #expect(throws: FileError.self) { for try await _ in session.propagate(Propagation()) {} }
        let reached = session.core.history.reached.values.map(\.upperBound)
        #expect(reached.allSatisfy { $0 < frame })
        #expect(try await session.result(at: 59).outdated == [1])
        for try await _ in session.propagate(Propagation()) {}
        #expect(areEqual(try await whole.results(session), try await whole.results()))
    }
}
