import Foundation
import Media
import SAMPT
import Support
import Testing

@testable import VideoBenchmarks

@Suite("Simulations over data sets")
struct SimulationTests {
    private func simulation(_ boxes: SlidingBoxes, budget: Int = 4, option: String = "a") -> Simulation {
        var options = SimulationOptions(.samPT)
        (options.budget, options.target) = (budget, 0.95)
        return Simulation(options, settings: ["option": option], output: boxes.folders.path("out"))
    }

    private var models: VideoSegmenter {
        VideoSegmenter(segmenter: DiskSegmenter(), tracker: DriftingTracker(), options: VideoSegmenterOptions())
    }

    private func output(_ work: Simulation, _ videos: [DatasetVideo]) -> SimulationOutput {
        SimulationOutput(
            path: work.output,
            manifest: .init(
                program: "test", command: [], processor: "", dataset: "folder", name: "n", options: work.options.texts,
                settings: work.settings, seeds: [1], of: videos))
    }

    @Test("Objects that were done with the same are not done again; others are") func resuming() async throws {
        let boxes = try SlidingBoxes(videos: ["a", "b"], frames: 5)
        defer { boxes.folders.remove() }
        let first = try await simulation(boxes).run(boxes.videos, segmenter: models, seeds: [1, 2])
        #expect(first.records.map { "\($0.video)\($0.seed)" } == ["a1", "a2", "b1", "b2"] && first.kept == 0 && first.failures.isEmpty)
        #expect(first.records.allSatisfy { $0.object == 3 && $0.label == "3" && $0.frames == 5 && $0.interactions.count == 4 })
        let again = try await simulation(boxes).run(boxes.videos, segmenter: models, seeds: [1, 2])
        #expect(again.kept == 4 && again.records == first.records)
        for changed in [simulation(boxes, budget: 3), simulation(boxes, option: "b")] {
            #expect(try await changed.run(boxes.videos, segmenter: models, seeds: [1]).kept == 0)
        }
        let b = simulation(boxes, option: "b")
        // A record that was cut short is no record.
        let path = try b.path(of: SimulationTask.tasks(of: boxes.videos[0])[0], 1)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.prefix(text.count / 2).write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await b.run(boxes.videos, segmenter: models, seeds: [1]).kept == 1)
    }

    @Test("A simulation that is stopped goes on with whole records") func stopping() async throws {
        let boxes = try SlidingBoxes(videos: ["a", "b"], frames: 8)
        defer { boxes.folders.remove() }
        let work = simulation(boxes, budget: 12)
        let (videos, models) = (try boxes.videos, models)
        let isBegun = Protected(false)
        let task = Task {
            try await work.run(videos, segmenter: models, seeds: [1]) { progress in
                if progress.video == "b" { isBegun.withLock { $0 = true } }
            }
        }
        while !isBegun.withLock({ $0 }) { await Task.yield() }
        task.cancel()
        // It may have ended just before.
        do { _ = try await task.value } catch { #expect(error is CancellationError) }
        let outcome = try await work.run(videos, segmenter: models, seeds: [1])
        #expect(outcome.kept >= 1 && outcome.records.count == 2 && outcome.failures.isEmpty)
    }

    @Test("Records of other videos and of other files do not count, and do not outlive a failure") func staleRecords() async throws {
        let boxes = try SlidingBoxes(videos: ["a", "b"], frames: 5)
        defer { boxes.folders.remove() }
        let work = simulation(boxes)
        _ = try await work.run(boxes.videos, segmenter: models, seeds: [1])
        let whole = output(work, try boxes.videos)
        #expect(try whole.records().map(\.video) == ["a", "b"] && whole.absences(whole.records()).isEmpty)
        #expect(try output(work, [boxes.videos[0]]).records().map(\.video) == ["a"])
        try boxes.folders.writeBytes("Annotations/b/00.png", Data())
        let changed = output(work, try boxes.videos)
        let records = try changed.records()
        let absences = try changed.absences(records)
        #expect(records.map(\.video) == ["a"] && absences.map(\.sequence) == ["b"])
        #expect(absences.first?.message.contains("since its files changed") == true)
        #expect(try await work.run(boxes.videos, segmenter: models, seeds: [1]).failures.map(\.sequence) == ["b"])
        #expect(!FileManager.default.fileExists(atPath: work.output + "/interactions/seed-1/b/object-3.json"))
        #expect(try changed.absences(changed.records()).map(\.kind) == [.failed])
    }

    @Test("A simulation that lacks a seed of an object says so") func missingSeed() async throws {
        let boxes = try SlidingBoxes(videos: ["a"], frames: 4)
        defer { boxes.folders.remove() }
        let work = simulation(boxes, budget: 1)
        _ = try await work.run(boxes.videos, segmenter: models, seeds: [1])
        var manifest = output(work, try boxes.videos).manifest
        manifest.seeds = [1, 2]
        let both = SimulationOutput(path: work.output, manifest: manifest)
        let absences = try both.absences(both.records())
        #expect(absences.map(\.sequence) == ["a"] && absences.first?.message.contains("1 of 2") == true)
    }

    @Test("Parts count with the files that each of them had") func parts() async throws {
        let boxes = try SlidingBoxes(videos: ["a", "b"], frames: 4)
        defer { boxes.folders.remove() }
        var parts: [SimulationOutput] = []
        for index in 0..<2 {
            var part = simulation(boxes, budget: 1)
            part.output = boxes.folders.path("part\(index)")
            let videos = try boxes.videos
            _ = try await part.run([videos[index]], segmenter: models, seeds: [1])
            parts.append(output(part, videos))
            // As a copy on another machine may be.
            for video in ["a", "b"] {
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: boxes.folders.path("JPEGImages/\(video)/00.png"))
            }
        }
        let whole = try SimulationOutput(path: boxes.folders.path("whole"), of: parts)
        #expect(try whole.merge(parts) == 2)
        #expect(try whole.records().map(\.video) == ["a", "b"] && whole.absences(whole.records()).isEmpty)
    }

    @Test("An object whose annotations all have another size is left out, and the others go on") func otherSize() async throws {
        let boxes = try SlidingBoxes(videos: ["a"], frames: 4)
        defer { boxes.folders.remove() }
        var small = IndexMask(width: 48, height: 24)
        for place in 200..<220 { small.values[place] = 5 }
        for frame in 2..<4 { try ImageFile.writeIndexMask(small, to: boxes.folders.path("Annotations/a/0\(frame).png")) }
        let videos = try DatasetKind.bdd100k.read(.init(root: boxes.folders.root.path)).videosWithTruth().videos
        #expect(try videos[0].objects().objects.map(\.id) == [3, 5])
        let outcome = try await simulation(boxes).run(videos, segmenter: models, seeds: [1])
        #expect(outcome.records.map(\.object) == [3] && outcome.failures.isEmpty, "\(outcome.failures)")
        #expect(outcome.records.first?.findings.contains { $0.kind == .noScoredFrame && $0.message.contains("object 5") } == true)
    }

    @Test("What is wrong with the truth is named, and what cannot be read counts for nobody") func badTruth() async throws {
        let boxes = try SlidingBoxes(videos: ["a", "b", "c", "d"], frames: 6)
        defer { boxes.folders.remove() }
        // a: one annotation is no picture, one is cut short, one is missing, one has another size.
        try boxes.folders.writeBytes("Annotations/a/02.png", Data("no picture".utf8))
        let whole = try Data(contentsOf: URL(fileURLWithPath: boxes.folders.path("Annotations/a/03.png")))
        try boxes.folders.writeBytes("Annotations/a/03.png", whole.prefix(whole.count / 2))
        try FileManager.default.removeItem(atPath: boxes.folders.path("Annotations/a/04.png"))
        try ImageFile.writeIndexMask(IndexMask(width: 48, height: 24), to: boxes.folders.path("Annotations/a/05.png"))
        // b: no mask shows an object. c: its first annotation cannot be read. d: its masks have another size than its frames.
        for frame in 0..<6 {
            try ImageFile.writeIndexMask(IndexMask(width: 96, height: 48), to: boxes.folders.path("Annotations/b/0\(frame).png"))
            var small = IndexMask(width: 48, height: 24)
            for place in 200..<220 { small.values[place] = 1 }
            try ImageFile.writeIndexMask(small, to: boxes.folders.path("Annotations/d/0\(frame).png"))
        }
        try boxes.folders.writeBytes("Annotations/c/00.png", Data())
        let outcome = try await simulation(boxes).run(boxes.videos, segmenter: models, seeds: [1])
        #expect(outcome.records.map(\.video) == ["a"])
        let findings = outcome.records[0].findings
        #expect(Set(findings.map(\.kind)) == [.unreadableTruth, .sizeDiffers])
        #expect(findings.first { $0.kind == .unreadableTruth }?.count == 2)
        #expect(outcome.records[0].framesMeasured == 2 && outcome.records[0].frames == 6)
        #expect(outcome.failures.map(\.sequence) == ["b", "c", "d"])
    }

    @Test("Data sets without truth are refused by name; videos without truth are named") func missingTruth() throws {
        let boxes = try SlidingBoxes(videos: ["a", "b"], frames: 4)
        defer { boxes.folders.remove() }
        var dataset = try boxes.dataset
        dataset.truth = nil
        #expect(throws: SimulationError.noTruth(dataset: "folder")) { try dataset.videosWithTruth() }
        try FileManager.default.copyItem(atPath: boxes.folders.path("Annotations/a"), toPath: boxes.folders.path("truth-a"))
        try FileManager.default.createDirectory(atPath: boxes.folders.path("truth"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: boxes.folders.path("truth-a"), toPath: boxes.folders.path("truth/a"))
        dataset.truth = boxes.folders.path("truth")
        let (videos, findings) = try dataset.videosWithTruth()
        #expect(videos.map(\.name.text) == ["a"] && findings.map(\.sequence) == ["b"])
    }

    @Test("Options out of range are refused by name") func badOptions() {
        let changes: [(inout SimulationOptions) -> Void] = [
            { $0.budget = 0 }, { $0.perFrame = 0 }, { $0.target = 0 }, { $0.target = 1.5 }, { $0.target = .nan }, { $0.passes = [0.5, 2] },
            { $0.promptedFrames = 1001 }, { $0.clicksPerFrame = -1 }, { $0.pauseThreshold = .infinity },
        ]
        for (index, change) in changes.enumerated() {
            var options = SimulationOptions(.samPT)
            change(&options)
            #expect(throws: SimulationError.self, "\(index)") { try options.validate() }
        }
    }
}
