import Media
import SAMPT
import Support
import Testing

@testable import VideoBenchmarks

@Suite("The simulated annotator's protocols")
struct SimulatedAnnotatorTests {
    private func options(_ name: SimulationProtocol = .samPT, _ change: (inout SimulationOptions) -> Void = { _ in }) -> SimulationOptions {
        var options = SimulationOptions(name)
        change(&options)
        return options
    }

    /// What holds in every history: each entry begins where the one before ended, and the budget counts down.
    private func expectConsistent(_ history: [Interaction], budget: Int) {
        for (index, step) in history.enumerated() {
            #expect(step.interactionsLeft == budget - index)
            #expect(step.iouBefore < step.threshold ?? 1.1)
            guard index > 0 else { continue }
            #expect(step.overallIouBefore == history[index - 1].overallIouAfter)
            #expect(step.overallBoundaryBefore == history[index - 1].overallBoundaryAfter)
        }
    }

    @Test("Online: frames in order until each is good enough, with tracked clicks; fewer interactions than frame by frame")
    func online() async throws {
        let fixture = try SimulationFixture(options { $0.target = 0.7 })
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        #expect(annotator.now.j == 0)
        let passes = try await annotator.correctFrameByFrame()
        expectConsistent(annotator.history, budget: 300)
        #expect(annotator.history.first?.action == .add && annotator.history.first?.type == .positive)
        #expect(annotator.history.map(\.frame) == annotator.history.map(\.frame).sorted())
        // Points move as the box does: what was clicked in the first frame serves all.
        #expect(annotator.history.allSatisfy { $0.frame == 0 } && annotator.history.count <= 3)
        #expect(annotator.measured.share(reaching: 0.7) == 1 && passes.count == 1 && passes[0].reached == annotator.now)

        let alone = try SimulationFixture(options { ($0.tracks, $0.target) = (false, 0.7) })
        defer { alone.boxes.folders.remove() }
        var other = try await alone.annotator()
        _ = try await other.correctFrameByFrame()
        #expect(other.history.count == 10 * annotator.history.count && other.measured.share(reaching: 0.7) == 1)
        #expect(other.history.allSatisfy { $0.framesComputed == 0 })
    }

    @Test("A budget ends the work, also in the midst of a frame") func budget() async throws {
        let fixture = try SimulationFixture(options { ($0.tracks, $0.target, $0.budget) = (false, 1, 4) })
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        _ = try await annotator.correctFrameByFrame()
        #expect(annotator.history.map(\.frame) == [0, 0, 0, 1])
        expectConsistent(annotator.history, budget: 4)
    }

    @Test("Without tracking and offline, every frame gets its first click before one gets its second") func rounds() async throws {
        let fixture = try SimulationFixture(options { ($0.tracks, $0.isOnline, $0.target, $0.perFrame) = (false, false, 1, 2) }, frames: 4)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        let passes = try await annotator.correctFrameByFrame()
        #expect(annotator.history.map(\.frame) == [0, 1, 2, 3, 0, 1, 2, 3] && passes.count == 2)
        // The curve rises by what single frames give.
        #expect(annotator.history.allSatisfy { $0.overallIouAfter >= $0.overallIouBefore })
    }

    @Test("Offline there is a pass for each threshold, and the best one counts") func passes() async throws {
        let fixture = try SimulationFixture(options { ($0.isOnline, $0.passes, $0.perFrame) = (false, [0.3, 0.6, 0.8], 2) }, drift: 1)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        let passes = try await annotator.correctFrameByFrame()
        #expect(passes.map(\.threshold) == [0.3, 0.6, 0.8])
        #expect(passes.map(\.reached.interactions) == passes.map(\.reached.interactions).sorted())
        #expect(annotator.history.contains { $0.threshold == 0.3 } && annotator.history.contains { $0.threshold == 0.8 })
    }

    @Test("Points that have drifted to the wrong side are taken away before anything is added") func removal() async throws {
        let fixture = try SimulationFixture(options { ($0.target, $0.perFrame) = (0.6, 4) }, frames: 10, drift: 4)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        _ = try await annotator.correctFrameByFrame()
        let removed = annotator.history.filter { $0.action == .remove }
        #expect(!removed.isEmpty)
        expectConsistent(annotator.history, budget: 300)
        for step in removed where step.type == .positive {
            let truth = try #require(fixture.task.truths[step.frame])
            #expect(!truth[Int(step.x), Int(step.y)])
        }
        // Where a frame has both, taking away comes first.
        for frame in Set(removed.map(\.frame)) {
            let actions = annotator.history.filter { $0.frame == frame }.map(\.action)
            #expect(actions.prefix { $0 == .remove }.count == actions.count { $0 == .remove }, "\(frame): \(actions)")
        }
    }

    @Test("A click costs the frames that it touches, not the video", arguments: CorrectionPolicy.allCases)
    func cost(policy: CorrectionPolicy) async throws {
        let fixture = try SimulationFixture(options { ($0.policy, $0.target) = (policy, 1) }, frames: 10)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        _ = try await annotator.interact(at: 0, left: 9, threshold: 1, propagating: true)
        _ = fixture.segmenter.takeFrames()
        _ = try await annotator.interact(at: 7, left: 8, threshold: 1, propagating: true)
        let first = fixture.segmenter.takeFrames()
        let touched = policy == .paper ? Set(7...9) : Set(1...9)
        #expect(first.isSubset(of: touched) && first.contains(8), "\(first)")
        #expect(annotator.history[1].framesComputed == (policy == .paper ? 3 : 17))
        _ = try await annotator.interact(at: 5, left: 7, threshold: 1, propagating: true)
        let second = fixture.segmenter.takeFrames()
        // Between two anchors the frames beyond them stay as they are.
        #expect(second.isSubset(of: policy == .paper ? Set(5...9) : Set(1...6)), "\(second)")
        _ = try await annotator.interact(at: 9, left: 6, threshold: 1, propagating: true)
        #expect(fixture.segmenter.takeFrames().isSubset(of: policy == .paper ? [9] : [8, 9]))
    }

    @Test("SAM 2, offline: the worst frame that had no clicks yet is next") func worstFrames() async throws {
        let fixture = try SimulationFixture(
            options(.sam2Offline) { ($0.promptedFrames, $0.clicksPerFrame) = (4, 2) }, drift: 2)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        let reached = try await annotator.promptWorstFrames()
        let frames = annotator.history.map(\.frame)
        #expect(frames.first == 0 && reached.count == 4)
        // Two clicks in one frame, then two in another.
        #expect(frames.count == 8 && stride(from: 0, to: 8, by: 2).allSatisfy { frames[$0] == frames[$0 + 1] } && Set(frames).count == 4)
        expectConsistent(annotator.history, budget: 8)
        #expect(reached.last == annotator.now && reached.map(\.interactions) == [2, 4, 6, 8])
        // Only a frame's last click is followed into others.
        for (index, step) in annotator.history.enumerated() { #expect((step.framesComputed > 0) == (index % 2 == 1)) }
    }

    @Test("SAM 2, online: one pass pauses at bad frames, and what went before stays") func pauses() async throws {
        let fixture = try SimulationFixture(
            options(.sam2Online) { ($0.promptedFrames, $0.pauseThreshold, $0.clicksPerFrame) = (3, 0.7, 3) }, drift: 2)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        let reached = try await annotator.promptWhileWatching()
        let prompted = Set(annotator.history.map(\.frame)).sorted()
        #expect(prompted.count == reached.count && prompted.count == 3 && prompted.first == 0)
        #expect(annotator.history.map(\.frame) == annotator.history.map(\.frame).sorted())
        #expect(annotator.history.filter { $0.frame > 0 }.first.map { $0.iouBefore < 0.7 } == true)
        // The pass would have paused at any bad frame between two prompted ones.
        for frame in 1..<(prompted[1]) { #expect(annotator.measured.j[frame] >= 0.7) }
        for frame in (prompted[1] + 1)..<prompted[2] { #expect(annotator.measured.j[frame] >= 0.7) }
    }

    @Test("Where the object is not to be seen the annotator says so, and goes on", arguments: CorrectionPolicy.allCases)
    func absence(policy: CorrectionPolicy) async throws {
        let fixture = try SimulationFixture(
            options { ($0.policy, $0.target, $0.perFrame) = (policy, 0.6, 3) }, frames: 9, hidden: 3..<5)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        _ = try await annotator.correctFrameByFrame()
        #expect(annotator.history.contains { (3..<5).contains($0.frame) })
        if policy == .anchored { #expect((3..<5).allSatisfy { annotator.measured.j[$0] == 1 }) }
        #expect((5..<9).contains { annotator.measured.j[$0] > 0.5 })
        expectConsistent(annotator.history, budget: 300)
    }

    @Test("A frame whose clicks come to nothing is given up, and nothing fails") func unusable() async throws {
        // One click a frame with a target that cannot be reached: negative clicks may take everything away.
        let fixture = try SimulationFixture(
            options { ($0.policy, $0.target, $0.perFrame, $0.click) = (.anchored, 1, 6, .reference) }, frames: 5, drift: 3)
        defer { fixture.boxes.folders.remove() }
        var annotator = try await fixture.annotator()
        _ = try await annotator.correctFrameByFrame()
        #expect(annotator.history.count == 30)
        expectConsistent(annotator.history, budget: 300)
    }
}
