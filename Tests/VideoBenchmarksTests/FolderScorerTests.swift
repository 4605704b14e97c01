import Foundation
import Media
import TestSupport
import Testing

@testable import VideoBenchmarks

/// Folders of small masks, made for a test.
struct MaskFolders {
    let root: URL

    init() throws { root = try Fixtures.temporaryFolder() }

    func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    /// - Parameter boxes: by id the left column of a box of 10 columns, in a picture of 64x48.
    func write(_ file: String, _ boxes: [UInt16: Int], width: Int = 64) throws {
        var mask = IndexMask(width: width, height: 48)
        for (id, left) in boxes { for y in 10..<30 { for x in left..<(left + 10) { mask.values[y * width + x] = id } } }
        try makeFolder(of: file)
        try ImageFile.writeIndexMask(mask, to: path(file))
    }

    func writeBytes(_ file: String, _ data: Data) throws {
        try makeFolder(of: file)
        try data.write(to: root.appendingPathComponent(file))
    }

    private func makeFolder(of file: String) throws {
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent(file).deletingLastPathComponent(), withIntermediateDirectories: true)
    }

    func score(_ name: ScoringProtocol = .davis, _ change: (inout FolderScorer) -> Void = { _ in }) async throws -> ScoreReport {
        var scorer = FolderScorer(name)
        change(&scorer)
        return try await scorer.score(truth: MaskFolder(path("truth")), results: MaskFolder(path("results")))
    }

    func remove() { try? FileManager.default.removeItem(at: root) }
}

@Suite("Scoring folders of masks")
struct FolderScorerTests {
    @Test("Ids need not be contiguous, and gaps are no objects unless the official program is asked for")
    func gaps() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<4 {
            try folders.write("truth/a/\(frame).png", [3: 5, 200: 40])
            try folders.write("results/a/\(frame).png", [3: 5, 200: 45])
        }
        let report = try await folders.score()
        #expect(report.objects.map(\.object) == [3, 200])
        #expect(report.objects[0].j.mean == 1 && report.objects[0].jValues.count == 2)
        #expect(abs(report.objects[1].j.mean - 100.0 / 300) < 1e-12)
        #expect(report.findings.map(\.kind) == [.absentObject])
        let official = try await folders.score(.davis2017)
        #expect(official.objects.map(\.object) == Array(1...200) && official.objects[0].j.mean == 1)
        let benchmark = try await folders.score(.vosBenchmark)
        #expect(benchmark.mean.j == report.mean.j && benchmark.findings.isEmpty)
    }

    @Test("What does not fit is counted and named")
    func mismatches() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<6 {
            try folders.write("truth/a/\(frame).png", [1: 5])
            try folders.write("truth/missing/\(frame).png", [1: 5])
        }
        try folders.write("results/a/0.png", [1: 5])
        try folders.write("results/a/1.png", [1: 5, 7: 40])
        try folders.write("results/a/2.png", [1: 5], width: 80)
        try folders.writeBytes("results/a/3.png", Data(Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])))
        try folders.write("results/a/5.png", [1: 5])
        try folders.write("results/a/9.png", [1: 5])
        try folders.write("results/other/0.png", [1: 5])
        let report = try await folders.score()
        let kinds = Dictionary(report.findings.map { ($0.kind, $0) }) { first, _ in first }
        for kind in [
            ScoringFinding.Kind.missingSequence, .surplusSequence, .surplusObject, .sizeDiffers, .unreadableResult, .missingFrame,
            .surplusFrame,
        ] { #expect(kinds[kind]?.count == 1, "\(kind)") }
        #expect(report.object("a", 1)?.jValues == [1, 0, 0, 0])
        #expect(report.object("missing", 1)?.j.mean == 0)
        #expect(report.findings.allSatisfy { $0.isMismatch || $0.kind == .noScoredFrame })
    }

    @Test("0/1 against 0/255 is scored as what is meant, and said")
    func levels() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<4 {
            try folders.write("truth/binary/\(frame).png", [255: 5])
            try folders.write("results/binary/\(frame).png", [1: 5])
            try folders.write("truth/ids/\(frame).png", [1: 5])
            try folders.write("results/ids/\(frame).png", [255: 5])
        }
        let report = try await folders.score()
        #expect(report.mean.j == 1 && report.objects.count == 2)
        #expect(Set(report.findings.filter { $0.kind == .levels }.map(\.sequence)) == ["binary", "ids"])
    }

    @Test("A folder of binary masks for each object, as SA-V has it")
    func perObject() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<5 {
            // The objects overlap, which index masks cannot show.
            for (object, left) in [("000", 5), ("001", 8)] {
                try folders.write("truth/v/\(object)/\(frame)0.png", [255: left])
                try folders.write("results/v/\(object)/\(frame)0.png", [1: left])
            }
            try folders.write("results/v/001/\(frame)1.png", [1: 5])
        }
        let report = try await folders.score(.saV)
        #expect(report.objects.map(\.label) == ["000", "001"] && report.mean.jf == 1 && report.findings.isEmpty)
        try FileManager.default.removeItem(atPath: folders.path("results/v/000/20.png"))
        let incomplete = try await folders.score(.saV)
        #expect(incomplete.object("v", 0)?.jValues == [1, 0, 1])
        #expect(incomplete.findings.contains { $0.kind == .missingFrame })
        // Truth of one object that ends earlier: its own first and last frame do not count.
        for frame in 3..<5 { try FileManager.default.removeItem(atPath: folders.path("truth/v/001/\(frame)0.png")) }
        let shorter = try await folders.score(.saV)
        #expect(shorter.object("v", 1)?.frames == ["10"] && shorter.object("v", 0)?.frames == ["10", "20", "30"])
    }

    @Test("With a folder an object: a mask that lacks in the midst, a folder without masks, an object without a pixel are named")
    func objectFaults() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<6 {
            for (object, left) in [("000", 5), ("001", 30)] {
                if object != "001" || frame != 3 { try folders.write("truth/v/\(object)/\(frame).png", [255: left]) }
                try folders.write("results/v/\(object)/\(frame).png", [255: left])
            }
            try folders.write("truth/v/003/\(frame).png", [:])
            // These begin later and end earlier, which is no fault.
            if frame > 1 { try folders.write("truth/v/004/\(frame).png", [255: 15]) }
            if frame > 1 { try folders.write("results/v/004/\(frame).png", [255: 15]) }
            if frame < 4 { try folders.write("truth/v/005/\(frame).png", [255: 45]) }
            if frame < 4 { try folders.write("results/v/005/\(frame).png", [255: 45]) }
        }
        for name in ["truth/v/002", "results/v/006"] {
            try FileManager.default.createDirectory(atPath: folders.path(name), withIntermediateDirectories: true)
        }
        let report = try await folders.score(.saV)
        #expect(report.objects.map(\.label) == ["000", "001", "004", "005"] && report.mean.j == 1)
        #expect(report.object("v", 1)?.frames == ["1", "2", "4"])
        func says(_ kind: ScoringFinding.Kind, _ text: String) -> Bool {
            report.findings.contains { $0.kind == kind && $0.count == 1 && $0.message.contains(text) }
        }
        #expect(says(.missingFrame, "truth/v/001/3.png"), "\(report.findings)")
        #expect(says(.emptySequence, "truth/v/002") && says(.emptySequence, "results/v/006") && says(.absentObject, "003"))
        #expect(report.findings.count == 4, "\(report.findings)")
    }

    @Test("Masks of every other frame, and objects that are annotated rarely, have no holes")
    func steps() {
        #expect(MaskFolder.Sequence.holes(in: [0, 4, 8, 16]) == [12] && MaskFolder.Sequence.holes(in: [0, 2, 4]).isEmpty)
        #expect(MaskFolder.Sequence.holes(in: [3]).isEmpty && MaskFolder.Sequence.holes(in: []).isEmpty)
        func faults(_ own: [String]) -> [ScoringFinding] {
            let frames = (0..<9).map(String.init)
            return MaskFolder.Sequence(
                name: "v", path: "p", layout: .perObject([1: "1", 2: "2"]), frames: frames,
                framesOfObjects: [1: Set(frames), 2: Set(own)]
            ).faults
        }
        #expect(faults(["0", "2", "4", "6"]).isEmpty && faults(["0", "1", "8"]).isEmpty && faults(["3", "4", "5"]).isEmpty)
        #expect(faults(["0", "1", "3", "4", "6"]).map(\.count) == [2])
    }

    @Test("Folders of masks beside index PNGs are named")
    func bothLayouts() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<4 {
            for file in ["truth/a/\(frame).png", "truth/a/2/\(frame).png", "results/a/\(frame).png"] { try folders.write(file, [1: 5]) }
        }
        // Neither masks nor folders of any.
        try folders.writeBytes("truth/a/notes/read.txt", Data())
        let report = try await folders.score()
        #expect(report.findings.map(\.kind) == [.layoutDiffers] && report.findings[0].message.contains("folder 2 of PNGs"))
        #expect(report.findings.allSatisfy { $0.isMismatch } && report.mean.j == 1)
    }

    @Test("Folders that do not correspond are refused, with what is in them")
    func strangers() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        try folders.write("truth/a/0.png", [1: 5])
        try folders.write("results/b/0.png", [1: 5])
        await #expect(throws: ScoringError.self) { try await folders.score() }
        #expect(throws: ScoringError.noSequences(folders.path("truth/a/none"))) {
            try FileManager.default.createDirectory(atPath: folders.path("truth/a/none"), withIntermediateDirectories: true)
            return try MaskFolder(folders.path("truth/a/none"))
        }
    }

    @Test("Truth that cannot be read counts for nobody, and is named")
    func unreadableTruth() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<5 {
            try folders.write("truth/a/\(frame).png", [1: 5])
            try folders.write("results/a/\(frame).png", [1: 5])
        }
        try folders.writeBytes("truth/a/2.png", Data("no picture".utf8))
        let report = try await folders.score()
        #expect(report.object("a", 1)?.frames == ["1", "3"])
        #expect(report.findings.map(\.kind) == [.unreadableTruth])
    }

    @Test("Empty folders, annotations that are cut short, and lists that name what is not there or leads elsewhere")
    func lists() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<5 {
            try folders.write("truth/a/\(frame).png", [1: 5])
            try folders.write("results/a/\(frame).png", [1: 5])
        }
        for name in ["truth/none", "results/none"] {
            try FileManager.default.createDirectory(atPath: folders.path(name), withIntermediateDirectories: true)
        }
        let whole = try Data(contentsOf: folders.root.appendingPathComponent("truth/a/2.png"))
        try folders.writeBytes("truth/a/2.png", whole.prefix(whole.count - 20))
        try folders.writeBytes("results/a/3.png", whole.prefix(whole.count / 2))
        try folders.writeBytes("list.txt", Data("a\nghost\n../a\n".utf8))
        let list = try SequenceList(path: folders.path("list.txt"))
        let report = try await folders.score { ($0.sequences, $0.listFindings) = (list.names, list.findings) }
        let kinds = Dictionary(grouping: report.findings, by: \.kind).mapValues(\.count)
        #expect(kinds == [.description: 2, .emptySequence: 2, .unreadableTruth: 1, .unreadableResult: 1])
        #expect(report.findings.contains { $0.message.contains("../a") } && report.findings.contains { $0.sequence == "ghost" })
        #expect(report.object("a", 1)?.frames == ["1", "3"] && report.object("a", 1)?.jValues == [1, 0])
    }

    @Test("The report has the same numbers in every form")
    func forms() async throws {
        let folders = try MaskFolders()
        defer { folders.remove() }
        for frame in 0..<6 {
            try folders.write("truth/a<b/\(frame).png", [1: 5, 2: 30])
            try folders.write("results/a<b/\(frame).png", [1: 7, 2: 30])
        }
        let score = try await folders.score()
        let object = try #require(try JSONSerialization.jsonObject(with: score.json()) as? [String: Any])
        let mean = try #require(object["mean"] as? [String: Any])
        #expect(number(mean["j"]) == score.mean.j && number(mean["f"]) == score.mean.f && number(mean["jf"]) == score.mean.jf)
        let sequences = try #require(object["sequences"] as? [String: [String: Any]])
        let objects = try #require(sequences["a<b"]?["objects"] as? [String: [String: Any]])
        #expect(number(objects["1"]?["j"]) == score.objects[0].j.mean && number(sequences["a<b"]?["jf"]) == score.mean.jf)
        let report = EvaluationReport(
            title: "T & <t>", ran: [("program", "sampt")],
            rows: [
                .init(
                    setting: "one", paper: "Table 2", paperScore: "70.0 ± 1.0", against: "one",
                    runs: [.init(seed: 1, score: score), .init(seed: 2, score: score)])
            ], unscored: [1, 2].map { RunFindings(setting: "one", seed: $0, [ScoringFinding(.failed, "w", "could not, really")]) })
        let lines = report.csv.split(separator: "\n").map(String.init)
        // A heading, the objects, sequence and whole of two seeds, the mean over the seeds, a finding, what ran.
        #expect(lines.count == 12)
        #expect(report.csv.contains("one,1,,,8,\(score.mean.j)"))
        // The gain over the seeds, what does not fit, what ran: in every form.
        #expect(lines[9].hasPrefix("one,,,,,\(score.mean.j)") && lines[9].hasSuffix(",0.0,0.0,0.0,0.0,,,2,gain over one"))
        #expect(lines[10].hasSuffix(",failed,1,\"could not, really\"") && lines[11].hasSuffix(",ran: program,,sampt"))
        let columns = lines.map {
            $0.replacing("could not, really", with: "").split(separator: ",", omittingEmptySubsequences: false).count
        }
        #expect(Set(columns).count == 1)
        #expect(report.markdown.contains("| one | 2 |") && report.markdown.contains("70.0 ± 1.0"))
        let page = try report.html()
        #expect(page.contains("T &amp; &lt;t&gt;") && page.contains("data:image/png;base64,") && page.contains("<polyline"))
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("a<b"))
    }

    @Test func assignment() {
        let costs = [[4.0, 1, 3], [2, 0, 5], [3, 2, 2]]
        #expect(leastCostAssignment(costs) == [1, 0, 2])
        #expect(leastCostAssignment([[5.0, 1, 9, 0.5]]) == [3])
    }
}
