import Foundation
import Media
import PointTrackers
import SAMPT
import Segmenters
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

@Suite("Running data sets")
struct DatasetEvaluationTests {
    private func entry(
        _ segmenter: BrightnessSegmenter, seed: UInt64 = 1, folder: String = "", option: String = "a"
    ) -> DatasetEvaluation.Entry {
        var options = VideoSegmenterOptions()
        options.seed = seed
        options.tracking.isBackward = false
        return DatasetEvaluation.Entry(
            run: EvaluationRun(folder: folder, setting: "setting", seed: seed, settings: ["seed": "\(seed)", "option": option]),
            segmenter: VideoSegmenter(segmenter: segmenter, tracker: LucasKanadeTracker(), options: options))
    }

    private func manifest(_ boxes: MovingBoxes, _ entries: [DatasetEvaluation.Entry]) -> EvaluationOutput.Manifest {
        EvaluationOutput.Manifest(
            program: "test", command: [], processor: "", dataset: .folder, location: .init(root: boxes.folders.root.path), prompt: .mask,
            runs: entries.map(\.run))
    }

    @Test("Videos that were made from the same are not made again; others are")
    func resuming() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b"])
        defer { boxes.folders.remove() }
        let out = boxes.folders.path("out")
        let evaluation = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: out)
        let segmenter = BrightnessSegmenter()
        let first = try await evaluation.run([entry(segmenter)])
        #expect(first.done.map(\.video).sorted() == ["a", "b"] && first.kept == 0 && first.failures.isEmpty)
        let again = try await evaluation.run([entry(segmenter)])
        #expect(again.done.isEmpty && again.kept == 2)
        let other = try await evaluation.run([entry(segmenter, option: "b")])
        #expect(other.done.count == 2)
        // One video's file is exchanged, the other's masks are lost.
        try FileManager.default.removeItem(atPath: out + "/masks/b")
        try FileManager.default.copyItem(
            atPath: boxes.folders.path("JPEGImages/a/05.png"), toPath: boxes.folders.path("JPEGImages/a/06.png"))
        let changed = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: out)
        #expect(try await changed.run([entry(segmenter, option: "b")]).done.map(\.video).sorted() == ["a", "b"])
    }

    @Test("Frames of one size, truth of another: masks are written and scored at the truth's")
    func truthOfAnotherSize() async throws {
        let boxes = try MovingBoxes(videos: ["a"])
        defer { boxes.folders.remove() }
        let (files, folders) = (FileManager.default, boxes.folders)
        let small = ImageSize(width: 32, height: 16)
        try files.createDirectory(atPath: folders.path("davis/Annotations/480p/a"), withIntermediateDirectories: true)
        try files.createDirectory(atPath: folders.path("davis/JPEGImages"), withIntermediateDirectories: true)
        for kind in ["JPEGImages", "Annotations"] {
            try files.moveItem(atPath: folders.path(kind), toPath: folders.path("davis/\(kind)/large"))
        }
        for frame in 0..<6 {
            let large = try ImageFile.readIndexMask(folders.path("davis/Annotations/large/a/0\(frame).png"))
            // A pixel stands for two columns and three rows; its centre is between the columns, and counts to the right one.
            var mask = IndexMask(width: small.width, height: small.height)
            for y in 0..<16 { for x in 0..<32 { mask.values[y * 32 + x] = large.values[(3 * y + 1) * 64 + 2 * x + 1] } }
            try ImageFile.writeIndexMask(mask, to: folders.path("davis/Annotations/480p/a/0\(frame).png"))
        }
        var location = DatasetKind.Location(root: folders.path("davis"), resolution: "large")
        let plain = try DatasetKind.davis2017.read(location)
        #expect(plain.videos[0].maskSize == nil)
        #expect(try DatasetKind.davis2017TestDev.read(location).videos[0].maskSize == small)
        location.truth = folders.path("davis/Annotations/480p")
        let dataset = try DatasetKind.davis2017.read(location)
        #expect(dataset.videos[0].dataFingerprint().text != plain.videos[0].dataFingerprint().text)
        let entry = entry(BrightnessSegmenter())
        let out = folders.path("out")
        for form in [SubmissionForm(), SubmissionForm(isPerObject: true)] {
            var formed = dataset
            formed.submission = form
            let outcome = try await DatasetEvaluation(formed, prompt: .mask, output: out).run([entry])
            #expect(outcome.done.count == 1, "\(outcome.failures)")
            let mask = try ImageFile.readIndexMask(out + (form.isPerObject ? "/masks/a/1/03.png" : "/masks/a/03.png"))
            #expect(mask.size == small && mask.values.contains { $0 != 0 })
            guard !form.isPerObject else { continue }
            let output = EvaluationOutput(path: out, manifest: manifest(boxes, [entry]))
            let score = try await output.score(entry.run, output.progress(of: entry.run, formed.evaluated), formed, threads: 1)
            #expect(score?.mean.j == 1 && score?.findings.isEmpty == true, "\(score?.findings ?? [])")
            try files.removeItem(atPath: out)
        }
    }

    @Test("A run that is stopped leaves whole videos only")
    func stopping() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b", "c"])
        defer { boxes.folders.remove() }
        let out = boxes.folders.path("out")
        let evaluation = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: out)
        let entry = entry(BrightnessSegmenter())
        let isBegun = Protected(false)
        let work = Task {
            try await evaluation.run([entry]) { progress in
                if progress.framesDone >= 8 { isBegun.withLock { $0 = true } }
            }
        }
        while !isBegun.withLock({ $0 }) { await Task.yield() }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        let there = try FolderListing.folders(out + "/masks")
        for video in there { #expect(try FolderListing.names("\(out)/masks/\(video)", pathExtensions: ["png"]).count == 6) }
        #expect(try await evaluation.run([entry]).kept == there.count)
    }

    @Test("Settings with one encoder encode a frame once")
    func sharing() async throws {
        let boxes = try MovingBoxes(videos: ["a"], frames: 24)
        defer { boxes.folders.remove() }
        let segmenter = BrightnessSegmenter()
        let evaluation = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: boxes.folders.path("out"))
        let entries = (1...3).map { entry(segmenter, seed: UInt64($0), folder: "s/seed-\($0)") }
        _ = try await evaluation.run(entries)
        // Nothing asks for the features of the frame whose mask is given.
        #expect((23...24).contains(segmenter.encodings.withLock { $0 }))
    }

    @Test("A video that fails is named, and the others go on")
    func failures() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b"])
        defer { boxes.folders.remove() }
        try Data("no picture".utf8).write(to: boxes.folders.root.appendingPathComponent("JPEGImages/a/03.png"))
        let out = boxes.folders.path("out")
        let evaluation = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: out)
        let outcome = try await evaluation.run([entry(BrightnessSegmenter())])
        #expect(outcome.done.map(\.video) == ["b"] && outcome.failures.map(\.sequence) == ["a"])
        #expect(try FolderListing.folders(out + "/masks") == ["b"])
    }

    @Test("A video that fails where it was done before counts as failed")
    func failsAgain() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b"])
        defer { boxes.folders.remove() }
        let entry = entry(BrightnessSegmenter())
        let out = boxes.folders.path("out")
        _ = try await DatasetEvaluation(try boxes.dataset, prompt: .mask, output: out).run([entry])
        try Data().write(to: boxes.folders.root.appendingPathComponent("Annotations/a/00.png"))
        let dataset = try boxes.dataset
        #expect(try await DatasetEvaluation(dataset, prompt: .mask, output: out).run([entry]).failures.map(\.sequence) == ["a"])
        let output = EvaluationOutput(path: out, manifest: manifest(boxes, [entry]))
        let progress = output.progress(of: entry.run, dataset.evaluated)
        #expect(progress.missing == ["a"] && progress.findings.map(\.kind) == [.failed])
        let archive = try #require(try output.archive(entry.run, progress, dataset))
        #expect(try ZipListing.names(archive).allSatisfy { $0.hasPrefix("b/") })
        #expect(try output.archive(entry.run, .init(records: [], missing: ["a", "b"], findings: []), dataset) == nil)
    }

    @Test("Why a video failed is known to who puts the parts together, until it has been run")
    func failuresOfParts() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b", "c"])
        defer { boxes.folders.remove() }
        let broken = boxes.folders.root.appendingPathComponent("JPEGImages/a/03.png")
        let picture = try Data(contentsOf: broken)
        try Data("no picture".utf8).write(to: broken)
        let (dataset, entry) = (try boxes.dataset, entry(BrightnessSegmenter()))
        var part = DatasetEvaluation(dataset, prompt: .mask, output: boxes.folders.path("part"))
        part.shard = try #require(DatasetEvaluation.Shard("1/2"))
        #expect(try await part.run([entry]).failures.map(\.sequence) == ["a"])
        let whole = EvaluationOutput(path: boxes.folders.path("whole"), manifest: manifest(boxes, [entry]))
        #expect(try whole.merge([EvaluationOutput(path: part.output, manifest: whole.manifest)], dataset.evaluated) == 1)
        let findings = whole.progress(of: entry.run, dataset.evaluated).findings
        // a failed, b is the other part's, c is done.
        #expect(findings.map(\.kind) == [.failed, .missingSequence] && findings.map(\.sequence) == ["a", "b"])
        #expect(findings.first?.message.contains("03.png") == true)
        try picture.write(to: broken)
        #expect(try await part.run([entry]).failures.isEmpty)
        #expect(try whole.merge([EvaluationOutput(path: part.output, manifest: whole.manifest)], dataset.evaluated) == 2)
        #expect(whole.progress(of: entry.run, dataset.evaluated).missing == ["b"])
        #expect(try FolderListing.names(whole.path + "/failures", pathExtensions: ["json"]).isEmpty)
    }

    @Test("Every frame of every run is counted, also those of videos that fail or were there already")
    func progress() async throws {
        let boxes = try MovingBoxes(videos: ["a", "b"])
        defer { boxes.folders.remove() }
        try Data("no picture".utf8).write(to: boxes.folders.root.appendingPathComponent("JPEGImages/a/03.png"))
        let evaluation = try DatasetEvaluation(boxes.dataset, prompt: .mask, output: boxes.folders.path("out"))
        let entries = (1...2).map { entry(BrightnessSegmenter(), seed: UInt64($0), folder: "s/seed-\($0)") }
        for made in [12..., 0...] {
            let last = Protected<EvaluationProgress?>(nil)
            _ = try await evaluation.run(entries) { progress in last.withLock { $0 = progress } }
            let progress = try #require(last.withLock { $0 })
            #expect(progress.framesDone == 24 && progress.frames == 24 && progress.videosDone == 2)
            #expect(made.contains(progress.framesMade) && progress.framesMade < 24)
        }
    }

    @Test("Parts of the videos, put together, score as the whole", arguments: [PromptKind.mask, .box, .clicks(2)])
    func shards(prompt: PromptKind) async throws {
        let boxes = try MovingBoxes(videos: ["a", "b", "c"])
        defer { boxes.folders.remove() }
        let dataset = try boxes.dataset
        let entry = entry(BrightnessSegmenter())
        var parts: [EvaluationOutput] = []
        for index in 1...2 {
            var evaluation = DatasetEvaluation(dataset, prompt: prompt, output: boxes.folders.path("part\(index)"))
            evaluation.shard = try #require(DatasetEvaluation.Shard("\(index)/2"))
            _ = try await evaluation.run([entry])
            parts.append(EvaluationOutput(path: evaluation.output, manifest: manifest(boxes, [entry])))
        }
        let whole = EvaluationOutput(path: boxes.folders.path("whole"), manifest: manifest(boxes, [entry]))
        try whole.writeManifest()
        #expect(try whole.merge(parts, dataset.evaluated) == 3)
        let progress = whole.progress(of: entry.run, dataset.evaluated)
        let scored = try await whole.score(entry.run, progress, dataset, threads: 2)
        let report = try #require(scored)
        #expect(progress.records.map(\.video) == ["a", "b", "c"] && progress.missing.isEmpty && report.objects.count == 3)
        #expect(report.mean.j == 1 && report.findings.isEmpty)
        // Parts of another evaluation are refused.
        let other = EvaluationOutput(path: parts[0].path, manifest: manifest(boxes, [self.entry(BrightnessSegmenter(), option: "b")]))
        #expect(throws: MediaError.self) { try whole.merge([other], dataset.evaluated) }
        // What an earlier run left is no part of this one.
        try boxes.folders.write("whole/masks/stale/00.png", [1: 5])
        let archive = try #require(try whole.archive(entry.run, progress, dataset))
        let listed = try ZipListing.names(archive)
        #expect(listed.count == 18 && listed.first == "a/00.png" && listed.last == "c/05.png")
    }

    @Test("Proposals are followed each for itself: masks overlap, scores are numbers")
    func instances() async throws {
        let boxes = try MovingBoxes(videos: ["1"])
        defer { boxes.folders.remove() }
        let frames = try boxes.dataset.videos[0].frames
        let mask = try ImageFile.readIndexMask(boxes.folders.path("Annotations/1/00.png")).foreground
        let entries = [1, 1, 2].map { video in
            [
                "image_id": video, "score": video == 1 ? 0.5 : 0.25,
                "segmentation": ["size": [48, 64], "counts": RunLengthMask(mask).compressed],
            ]
                as [String: Any]
        }
        let path = boxes.folders.path("proposals.json")
        try JSONSerialization.data(withJSONObject: entries).write(to: URL(fileURLWithPath: path))
        let proposals = try InstanceProposals(path: path)
        #expect(proposals.byVideo.mapValues(\.count) == [1: 2, 2: 1])
        let segmenter = BrightnessSegmenter()
        let evaluation = InstanceEvaluation(segmenter: VideoSegmenter(segmenter: segmenter, tracker: LucasKanadeTracker()))
        let tubes = try await evaluation.run(video: 1, frames: frames, proposals: .given(proposals.byVideo[1] ?? []))
        #expect(tubes.count == 2 && tubes[0].masks == tubes[1].masks && tubes[0].masks.count == 6)
        #expect(tubes.allSatisfy { $0.score.isFinite && $0.score > 0.8 })
        // Two proposals share the frames; the first one's masks are given, and nothing asks for its features.
        #expect((5...6).contains(segmenter.encodings.withLock { $0 }))
        // One at a time, or both together: the same.
        var single = evaluation
        single.groupSize = 1
        let alone = try await single.run(video: 1, frames: frames, proposals: .given(proposals.byVideo[1] ?? []))
        #expect(alone.map(\.masks) == tubes.map(\.masks) && alone.map(\.id) == [1, 2])
        let small = [InstanceProposals.Proposal(mask: RunLengthMask(Mask(width: 8, height: 8)), score: 1)]
        await #expect(throws: InstanceError.self) { try await evaluation.run(video: 1, frames: frames, proposals: .given(small)) }
    }

    @Test func shardTexts() {
        for text in ["0/2", "3/2", "1", "1/0", "a/b", "1/2/3", "-1/2"] { #expect(DatasetEvaluation.Shard(text) == nil, "\(text)") }
        #expect((0..<5).map { DatasetEvaluation.Shard("2/2")?.contains($0) } == [false, true, false, true, false])
    }

    @Test("Clicks stand in the centres of the largest circles that are left")
    func clicks() {
        var mask = Mask(width: 60, height: 30)
        for y in 5..<26 { for x in 4..<25 { mask[x, y] = true } }
        for y in 10..<17 { for x in 40..<47 { mask[x, y] = true } }
        let clicks = mask.centreClicks(2)
        #expect(clicks.first == SIMD2(14.5, 15.5))
        // The corners that the first circle leaves are smaller than the second square.
        #expect(clicks.last == SIMD2(43.5, 13.5))
        #expect(Mask(width: 5, height: 5).centreClicks(3).isEmpty)
        var whole = Mask(width: 9, height: 9)
        whole.values = whole.values.map { _ in 1 }
        #expect(whole.centreClicks(1) == [SIMD2(4.5, 4.5)])
        #expect(PromptKind("clicks:3") == .clicks(3) && PromptKind("clicks:0") == nil && PromptKind("point") == nil)
    }
}
