import Foundation
import Media
import SAMPT
import TestSupport
import Testing

@testable import ProjectFile

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

    @Test("One of 10,000 frames and 200 edits is opened, its session with it, in less than a second; confidences come as quickly")
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
        let confidences = try seconds {
            let project = try ProjectFile(path: sample.path)
            for key in SampleProject.keys { #expect(try project.confidences(of: key).count == Self.frameCount) }
            project.close()
        }
        func text(_ seconds: Double) -> String { String(format: "%.3f s", seconds) }
        print("A project of \(Self.frameCount) frames and 200 edits: opened in \(text(open)), all confidences in \(text(confidences))")
        #expect(open < 1)
        #expect(confidences < 1)
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
