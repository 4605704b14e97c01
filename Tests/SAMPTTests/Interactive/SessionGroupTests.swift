import Media
import TestSupport
import Testing

@testable import SAMPT

@Suite("Several edits as one step")
struct SessionGroupTests {
    private static let place = AnchorPlace(object: 1, frame: 3)

    @Test("They are taken, undone and done again together, and are one entry of the log") func oneStep() async throws {
        let fixture = try SessionFixture()
        let session = fixture.session
        try await fixture.add(1, frame: 0)
        let (before, entries) = (session.state, session.logCount)
        let masks = (4..<8).map { Edit.setMask(AnchorPlace(object: 2, frame: $0), RunLengthMask(fixture.video.mask($0))) }
        let change = try await session.apply(.group([.addObject(object: nil, name: "disk")] + masks))
        #expect(session.logCount == entries + 1 && change.objects == [2] && change.frames == 0...23)
        #expect(change.logged.edit.parts.first == .addObject(object: 2, name: "disk"))
        let after = session.state
        #expect(after.object(2)?.anchors.keys.sorted() == [4, 5, 6, 7])
        try await session.apply(.undo)
        #expect(session.state == before && session.canRedo)
        try await session.apply(.redo)
        #expect(session.state == after)
        // So it is for who reads the log.
        let again = try AnnotationSession(fixture.models, video: fixture.video, store: InMemorySessionStore(log: fixture.store.loadLog()))
        #expect(again.state == after && again.canUndo)
        try await again.apply(.undo)
        #expect(again.state == before)
        // Numbers that a group has used are not used again.
        #expect(again.nextObject == 3)
        try await again.apply(.addObject(object: nil))
        #expect(again.state.objects.map(\.id) == [1, 3])
    }

    @Test("An edit finds what those before it have left, as if they had come one by one") func inOrder() async throws {
        let (one, other) = (try SessionFixture(), try SessionFixture())
        for fixture in [one, other] {
            try await fixture.add(1, frame: 0)
            try await fixture.propagate()
        }
        let edits: [Edit] = [
            .addPoint(Self.place, point: nil, position: SIMD2(30, 30), isPositive: true),
            .addPoint(Self.place, point: nil, position: SIMD2(10, 30), isPositive: false), .addObject(object: nil),
            .addPoint(AnchorPlace(object: 2, frame: 5), point: nil, position: SIMD2(9, 9), isPositive: true), .addObject(object: nil),
            .removePoint(Self.place, point: 1),
        ]
        for edit in edits { try await one.session.apply(edit) }
        try await other.session.apply(.group(edits))
        #expect(one.session.state == other.session.state)
        #expect(one.session.state.object(1)?.anchors[3]?.base != nil, "a correction starts from what was there")
        #expect(one.session.state.objects.map(\.id) == [1, 2, 3])
    }

    @Test(
        "One that is refused leaves all of them out",
        arguments: [
            ([.clearAnchor(place), .clearAnchor(place)], .noAnchor(object: 1, frame: 3)),
            ([.addObject(object: 9), .addObject(object: 9)], .objectExists(9)),
            (
                [.renameObject(object: 1, name: "a"), .setMask(place, RunLengthMask(Mask(width: 4, height: 4)))],
                .maskSizeDiffers(mask: ImageSize(width: 4, height: 4), frame: ImageSize(width: 96, height: 64))
            ),
            ([], .invalidGroup(reason: "it has no edits")), ([.undo], .invalidGroup(reason: "an edit undo cannot be in one")),
            ([.addObject(object: nil), .group([.addObject(object: nil)])], .invalidGroup(reason: "an edit group cannot be in one")),
            ([.propagate(Propagation())], .reserved("propagate")),
            ([.reached(PropagationReach(number: 1, spans: [:], ending: nil))], .reserved("reached")),
        ] as [([Edit], SessionError)])
    func refused(edits: [Edit], error: SessionError) async throws {
        let fixture = try SessionFixture()
        try await fixture.session.apply(.addObject(object: 1))
        try await fixture.click(1, 3, SIMD2(30, 30))
        let (state, log) = (fixture.session.state, fixture.store.loadLog())
        await #expect(throws: error) { try await fixture.session.apply(.group(edits)) }
        #expect(fixture.session.state == state && fixture.store.loadLog() == log && fixture.session.nextObject == 2)
        // Nor is a log with it.
        #expect(throws: SessionError.self) {
            try AnnotationSession(
                fixture.models, video: fixture.video,
                store: InMemorySessionStore(log: log + [LoggedEdit(number: log.count + 1, edit: .group(edits))]))
        }
    }

    @Test("A thousand masks come in at once") func many() async throws {
        let fixture = try SessionFixture(frames: 1000)
        let mask = RunLengthMask(SessionFixture.other)
        let masks = (0..<1000).map { Edit.setMask(AnchorPlace(object: 1, frame: $0), mask) }
        try await fixture.session.apply(.group([.addObject(object: 1)] + masks))
        #expect(fixture.session.state.object(1)?.anchors.count == 1000)
        try await fixture.session.apply(.undo)
        #expect(fixture.session.state.objects.isEmpty)
    }
}
