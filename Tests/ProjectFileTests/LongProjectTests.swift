import Foundation
import Media
import TestSupport
import Testing

@testable import ProjectFile
@testable import SAMPT

@Suite("Projects of long videos")
struct LongProjectTests {
    private static let frameCount = 10_000

    /// Processor seconds of this thread, which does not depend on what else the machine does.
    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        try body()
        return now() - start
    }

    /// Frames that nobody looks at.
    private struct NoPictures: FrameSource {
        let size = SampleProject.size
        let frameCount = LongProjectTests.frameCount
        let timing = VideoTiming(constantRate: 25, count: LongProjectTests.frameCount)
        let name = "none"
        func frame(at index: Int) throws -> RGBImage { throw MediaError.frameOutOfRange(index: index, count: frameCount) }
    }

    @Test("One of 10,000 frames and 200 edits is opened, its session with it, in less than a second")
    func opening() throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        let project = try ProjectFile.create(at: sample.path, details: SampleProject.details)
        let place = AnchorPlace(object: 1, frame: 0)
        try project.append(LoggedEdit(number: 1, edit: .addObject(object: 1, name: "rabbit")))
        for index in 0..<200 {
            let base = CorrectionBase(
                points: SampleProject.frame(index).points, logits: Self.logits(index), mask: SampleProject.frame(index).mask)
            let edit = Edit.addPoint(place, point: index + 1, position: SIMD2(Float(index % 30), 8), isPositive: true, base: base)
            try project.append(LoggedEdit(number: index + 2, edit: edit))
        }
        let span = PlannedSpan(
            object: 1, anchor: 0, frames: 0...(Self.frameCount - 1), direction: .forward, key: SampleProject.keys[0])
        let plan = PropagationPlan(number: 1, spans: [span], rivals: [:])
        try project.append(LoggedEdit(number: 202, edit: .propagate(Propagation(plan: plan))))
        let reach = PropagationReach(number: 1, spans: [span.key: span.frames], ending: .complete)
        try project.append(LoggedEdit(number: 203, edit: .reached(reach)))
        for key in SampleProject.keys {
            for start in stride(from: 0, to: Self.frameCount, by: 500) {
                try project.save(
                    (start..<(start + 500)).map { index in
                        var frame = SampleProject.frame(index)
                        frame.logits = Self.logits(index)
                        return frame
                    }, of: key)
            }
        }
        project.close()
        let open = try seconds {
            let project = try ProjectFile(path: sample.path)
            let session = try AnnotationSession(VideoSegmenter(missing: "not needed"), video: NoPictures(), store: project)
            #expect(session.state.objects.count == 1)
            project.close()
        }
        print("A project of \(Self.frameCount) frames and 200 edits: opened in \(Self.text(open))")
        #expect(open < 1)
    }

    private static func text(_ seconds: Double) -> String { String(format: "%.1f ms", 1000 * seconds) }

    @Test("A timeline of 10,000 frames and three objects, and the frames to look at, are there in 50 milliseconds")
    func timeline() throws {
        let sample = try SampleProject()
        defer { sample.remove() }
        let project = try ProjectFile.create(at: sample.path, details: SampleProject.details)
        defer { project.close() }
        let spans = try (1...3).map { object in
            PlannedSpan(
                object: object, anchor: 0, frames: 0...(Self.frameCount - 1), direction: .forward,
                key: try #require(SpanKey(String(repeating: "\(object)", count: 32))))
        }
        var log: [Edit] = spans.flatMap { span -> [Edit] in
            let place = AnchorPlace(object: span.object, frame: 0)
            return [.addObject(object: span.object), .addPoint(place, point: 1, position: SIMD2(8, 8), isPositive: true)]
        }
        log.append(.propagate(Propagation(plan: PropagationPlan(number: 1, spans: spans, rivals: [:]))))
        let reached = Dictionary(uniqueKeysWithValues: spans.map { ($0.key, $0.frames) })
        log.append(.reached(PropagationReach(number: 1, spans: reached, ending: .complete)))
        for (index, edit) in log.enumerated() { try project.append(LoggedEdit(number: index + 1, edit: edit)) }
        for span in spans {
            for start in stride(from: 0, to: Self.frameCount, by: 1000) {
                try project.save((start..<(start + 1000)).map { SampleProject.variedFrame($0) }, of: span.key)
            }
        }
        let core = try AnnotationSession(VideoSegmenter(missing: "not needed"), video: NoPictures(), store: project).core
        func look() throws -> Double {
            try seconds {
                for span in spans {
                    let summaries = try core.summaries(of: span.object)
                    #expect(summaries.count == Self.frameCount && summaries.last == SampleProject.variedFrame(Self.frameCount - 1).summary)
                    #expect(try core.spans(of: span.object).count == 1)
                }
                #expect(try core.review(count: 24).count == 24)
            }
        }
        let (first, warm) = (try look(), try look())
        print("Timeline and review of \(Self.frameCount) frames and 3 objects: \(Self.text(first)) the first time, then \(Self.text(warm))")
        #expect(warm < 0.05)
    }

    /// As large as the built-in segmenter's for 854x480, and as smooth.
    private static func logits(_ index: Int) -> RoundedLogits? {
        let (width, height) = (214, 120)
        let levels = (0..<(width * height)).map { cell -> Int8 in
            let (x, y) = (Float(cell % width - 60 - index % 90), Float(cell / width - 60))
            return Int8(max(-127, min(127, 8 * (24 - (x * x + y * y).squareRoot()) / 3)))
        }
        return RoundedLogits(width: width, height: height, levels: levels)
    }
}
