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

    @Test("One of 10,000 frames, two objects and 200 edits is opened, with all confidences, in less than a second")
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
            #expect(try project.loadLog().count == 201)
            for key in SampleProject.keys { #expect(try project.confidences(of: key).count == Self.frameCount) }
            project.close()
        }
        print("Opening a project of \(Self.frameCount) frames, two objects, 200 edits: \(String(format: "%.3f", open)) s of processor time")
        #expect(open < 1)
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
