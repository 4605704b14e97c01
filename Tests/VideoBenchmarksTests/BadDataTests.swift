import Foundation
import Media
import PointTrackers
import SAMPT
import Support
import TestSupport
import Testing

@testable import VideoBenchmarks

/// Damage of every kind, in the layout of every data set: named and counted, and what is whole is done.
@Suite("Bad data, by data set")
struct BadDataTests {
    /// Where a data set has its folders.
    private struct Layout {
        var images: String
        var annotations: String
        /// The folder of an object's masks, below the video's.
        var object = ""

        init(_ kind: DatasetKind) {
            switch kind {
            case .davis2016, .davis2017, .davis2017TestDev: (images, annotations) = ("JPEGImages/480p", "Annotations/480p")
            case .youTubeVOS2018, .youTubeVOS2019, .mose: (images, annotations) = ("valid/JPEGImages", "valid/Annotations")
            case .bdd100k, .lvos: (images, annotations) = ("val/JPEGImages", "val/Annotations")
            case .saV: (images, annotations, object) = ("sav_val/JPEGImages_24fps", "sav_val/Annotations_6fps", "000/")
            case .folder: (images, annotations) = ("JPEGImages", "Annotations")
            }
        }
    }

    private static let frames = (0..<8).map { "0000\($0)" }

    /// a is whole. b: its only annotation is cut short. c: no frames. d: no annotations. e: an annotation is missing in the midst, and one
    /// belongs to no frame. f: its masks have another size than its frames. g: a frame is no picture. The list names a ghost, a twice, and
    /// what leads elsewhere.
    private func withDamage(_ kind: DatasetKind, _ body: (MaskFolders, DatasetKind.Location) async throws -> Void) async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let layout = Layout(kind)
        func path(_ video: String, _ frame: String) -> String { "root/\(layout.annotations)/\(video)/\(layout.object)\(frame).png" }
        for video in ["a", "b", "d", "e", "f", "g"] {
            for frame in Self.frames {
                try folders.write("root/\(layout.images)/\(video)/\(frame).png", [65: 5])
                if !["b", "d"].contains(video), !(video == "e" && frame == "00004") {
                    try folders.write(path(video, frame), [1: 5], width: video == "f" ? 80 : 64)
                }
            }
        }
        let whole = try Data(contentsOf: folders.root.appendingPathComponent(path("a", "00000")))
        try folders.writeBytes(path("b", "00000"), whole.prefix(whole.count / 2))
        try folders.write(path("e", "00077"), [1: 5])
        try folders.writeBytes("root/\(layout.images)/g/00003.png", Data("no picture".utf8))
        for folder in [layout.images, layout.annotations] {
            try FileManager.default.createDirectory(atPath: folders.path("root/\(folder)/c"), withIntermediateDirectories: true)
        }
        let meta: [String: Any] = [
            "videos": Dictionary(
                uniqueKeysWithValues: "abcdefg".map {
                    (String($0), ["objects": ["1": ["category": "thing", "frames": Self.frames]]] as [String: Any])
                })
        ]
        let name = kind == .lvos ? "root/val_meta.json" : "root/valid/meta.json"
        try folders.writeBytes(name, JSONSerialization.data(withJSONObject: meta))
        try folders.writeBytes("list.txt", Data("a\nb\nc\nd\ne\nf\ng\nghost\na\n../a\nx/../../a\n".utf8))
        try await body(folders, DatasetKind.Location(root: folders.path("root"), list: folders.path("list.txt")))
    }

    @Test("What names tell is found while the data set is read", arguments: DatasetKind.allCases)
    func reading(kind: DatasetKind) async throws {
        try await withDamage(kind) { folders, location in
            let dataset = try kind.read(location)
            #expect(dataset.videos.map(\.name.text) == ["a", "b", "e", "f", "g"])
            func has(_ kind: ScoringFinding.Kind, _ sequence: String, _ count: Int = 1) -> Bool {
                dataset.findings.contains { $0.kind == kind && $0.sequence == sequence && $0.count == count }
            }
            // Two lines lead elsewhere.
            #expect(has(.description, "", 2) && has(.description, "ghost") && has(.description, "a"), "\(dataset.findings)")
            #expect(has(.emptySequence, "c") && has(.emptySequence, "d") && has(.missingFrame, "e"), "\(dataset.findings)")
            #expect(dataset.findings.contains { $0.message.contains("00004") })
            var all = location
            all.list = nil
            let layout = Layout(kind)
            guard kind != .youTubeVOS2018, kind != .youTubeVOS2019 else { return }
            try folders.write("root/\(layout.annotations)/lonely/\(layout.object)00000.png", [1: 5])
            #expect(try kind.read(all).findings.contains { $0.kind == .description && $0.sequence == "lonely" })
        }
    }

    @Test("What is damaged fails by name, the rest is done, and nothing is written elsewhere", arguments: DatasetKind.allCases)
    func running(kind: DatasetKind) async throws {
        try await withDamage(kind) { folders, location in
            let dataset = try kind.read(location)
            let before = try FileManager.default.subpathsOfDirectory(atPath: folders.root.path).sorted()
            var options = VideoSegmenterOptions()
            options.tracking.isBackward = false
            let run = EvaluationRun(folder: "", setting: "s", seed: 1, settings: ["seed": "1"])
            let entry = DatasetEvaluation.Entry(
                run: run,
                segmenter: VideoSegmenter(segmenter: BrightnessSegmenter(), tracker: LucasKanadeTracker(), options: options))
            let outcome = try await DatasetEvaluation(dataset, prompt: .mask, output: folders.path("out")).run([entry])
            #expect(outcome.done.map(\.video).sorted() == ["a", "e"], "\(outcome.failures)")
            #expect(outcome.failures.map(\.sequence).sorted() == ["b", "f", "g"])
            #expect(
                outcome.failures.contains { $0.message.contains("00000") } && outcome.failures.contains { $0.message.contains("00003.png") }
            )
            let manifest = EvaluationOutput.Manifest(
                program: "", command: [], processor: "", dataset: kind, location: location, prompt: .mask, runs: [run])
            let progress = EvaluationOutput(path: folders.path("out"), manifest: manifest).progress(of: run, dataset.evaluated)
            #expect(progress.findings.filter { $0.kind == .failed }.map(\.sequence).sorted() == ["b", "f", "g"])
            #expect(progress.findings.contains { $0.kind == .surplusFrame && $0.sequence == "e" && $0.message.contains("00077") })
            let after = try FileManager.default.subpathsOfDirectory(atPath: folders.root.path).filter { !$0.hasPrefix("out") }.sorted()
            #expect(after == before)
        }
    }

    @Test("Every n-th frame is annotated but for one", arguments: [DatasetKind.saV, .lvos, .bdd100k])
    func steps(kind: DatasetKind) throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let layout = Layout(kind)
        for place in 0..<33 {
            let frame = String(format: "%05d", place)
            try folders.write("\(layout.images)/v/\(frame).png", [1: 5])
            guard place % 4 == 0, place != 12 else { continue }
            try folders.write("\(layout.annotations)/v/\(layout.object)\(frame).png", [1: 5])
        }
        let finding = try kind.read(.init(root: folders.root.path)).findings.first { $0.kind == .missingFrame }
        #expect(finding?.count == 1 && finding?.message.contains("00012") == true)
    }

    @Test("Parts whose description names folders that lead elsewhere are refused", arguments: ["../x", "/x", "a/../../x", "a//b", "."])
    func folders(name: String) throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let run = EvaluationRun(folder: name, setting: "s", seed: 1, settings: [:])
        let manifest = EvaluationOutput.Manifest(
            program: "", command: [], processor: "", dataset: .folder, location: .init(root: "."), prompt: .mask, runs: [run])
        try EvaluationOutput(path: folders.path("part"), manifest: manifest).writeManifest()
        #expect(throws: FileError.self) { try EvaluationOutput(reading: folders.path("part")) }
    }

    @Test("Descriptions of parts that would lead elsewhere, or trap, are refused; records that would are none")
    func descriptions() throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        let published = PublishedTable(title: "t", columns: ["a", "b"], rows: [["1"]])
        let run = EvaluationRun(folder: "", setting: "s", seed: 1, settings: [:])
        let manifest = EvaluationOutput.Manifest(
            program: "", command: [], processor: "", dataset: "folder", location: ["root": "."], prompt: "mask", runs: [run],
            published: published)
        try EvaluationOutput(path: folders.path("part"), manifest: manifest).writeManifest()
        #expect(throws: FileError.self) { try EvaluationOutput(reading: folders.path("part")) }
        let simulation = SimulationOutput.Manifest(
            program: "", command: [], processor: "", dataset: "folder", name: "n", options: [:], settings: [:], seeds: [1],
            videos: ["a", "../b"])
        try SimulationOutput(path: folders.path("simulation"), manifest: simulation).writeManifest()
        #expect(throws: VideoNameError.self) { try SimulationOutput(reading: folders.path("simulation")) }
        var record = RunRecord(video: "a", settings: [:], data: "", frames: 3, objects: 1, seconds: 1, findings: [])
        try record.write(to: folders.path("a.json"))
        #expect(RunRecord.read(folders.path("a.json")) == record)
        for frames in [Int.max, -1] {
            record.frames = frames
            try record.write(to: folders.path("a.json"))
            #expect(RunRecord.read(folders.path("a.json")) == nil)
        }
    }
}
