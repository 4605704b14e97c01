import ArgumentParser
import Foundation
import Media
import SegmentationJobs
import Support
import VideoBenchmarks

struct ScoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score masks that exist against the truth: J, F, J&F, G, BDD100K's groups, AP and AR.",
        discussion: """
            Compares two folders, in each a folder a sequence with index PNGs (DAVIS, YouTube-VOS, MOSE, BDD100K, LVOS), or with a folder an \
            object (SA-V). Ids need not be contiguous. What does not fit (sizes, missing or surplus frames, ids without truth, 0/1 against 0/255) \
            is counted and named on standard error.

              sampt score --truth DAVIS/Annotations/480p --results masks/ \\
                --json scores.json
              sampt score --protocol youtube-vos --truth GroundTruth --results masks/ \\
                --meta meta.json --categories categories.json
              sampt score --protocol uvo --truth UVO_video_val_dense.json \\
                --results results.json

            \(ScoreProtocolName.help)

            \(CommandStatus.help)
            """)

    @Option(help: ArgumentHelp("The truth: a folder of masks, or for uvo and youtube-vis a JSON file.", valueName: "path"))
    var truth: String
    @Option(help: ArgumentHelp("The results, in the same form.", valueName: "path"))
    var results: String
    @Option(name: .customLong("protocol"), help: ArgumentHelp("Which objects and frames count; see above.", valueName: "name"))
    var protocolName = ScoreProtocolName.masks(.davis)
    @Option(help: ArgumentHelp("YouTube-VOS's or LVOS's meta.json: which objects there are, and in which frames.", valueName: "file"))
    var meta: String?
    @Option(
        help: ArgumentHelp(
            "A JSON file with \"seen\" and \"unseen\", lists of categories, for G (YouTube-VOS).", valueName: "file"))
    var categories: String?
    @Option(help: ArgumentHelp("Score these sequences only: one name a line.", valueName: "file"))
    var list: String?
    @Flag(help: "Count the first and the last frame, too.")
    var allFrames = false
    @Flag(help: "End with an error when anything does not fit.")
    var strict = false
    @Option(help: ArgumentHelp("Work with so many threads. (default: one for each core)", valueName: "n"))
    var threads: Int?
    @OptionGroup(title: "Reports") var reports: ScoreOutputOptions
    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads must be between 1 and 1024.") }
        guard case .masks(let name) = protocolName else {
            let idle = [("--meta", meta != nil), ("--categories", categories != nil), ("--list", list != nil), ("--all-frames", allFrames)]
            if let option = idle.first(where: \.1)?.0 {
                throw ValidationError("\(option) has no effect with --protocol \(protocolName.name).")
            }
            return
        }
        if name.needsDescription, meta == nil {
            throw ValidationError("--protocol \(name.rawValue) needs --meta: it scores the objects and frames that meta.json lists.")
        }
        if !name.needsDescription, let option = meta != nil ? "--meta" : categories != nil ? "--categories" : nil {
            throw ValidationError("\(option) has no effect with --protocol \(name.rawValue).")
        }
        if allFrames, name.rules.frames != .inner {
            throw ValidationError(
                "--all-frames has no effect with --protocol \(name.rawValue), which does not leave out the first and last frame.")
        }
    }

    func run() async throws {
        try await withExitStatus {
            var claims = FileClaims()
            for (path, what) in [(meta, "the description"), (categories, "the categories"), (list, "the list")] {
                if let path { claims.read(path, as: what) }
            }
            switch protocolName {
            case .instances(let kind):
                claims.read(truth, as: "the truth")
                claims.read(results, as: "the results")
                try reports.check(&claims, forMasks: false)
                return try await scoreInstances(kind)
            case .masks(let name):
                try reports.check(&claims, forMasks: true)
                return try await scoreMasks(name)
            }
        }
    }

    private func scoreMasks(_ name: ScoringProtocol) async throws -> CommandStatus {
        var scorer = FolderScorer(name)
        if let meta {
            scorer.description = try DatasetDescription(path: meta, categories: categories, countsFirstFrames: name == .lvos)
        }
        if allFrames { scorer.rules.frames = .all }
        if let list {
            let list = try SequenceList(path: list)
            (scorer.sequences, scorer.listFindings) = (list.names, list.findings)
        }
        if let threads { scorer.threads = threads }
        let progress = ProgressReporter(isQuiet: quiet)
        let report = try await scorer.score(truth: MaskFolder(truth), results: MaskFolder(results)) { done, total in
            progress.show(isLast: false) { "\(done)/\(total) frames" }
        }
        progress.close()
        for finding in report.findings { StandardError.print("sampt: \(finding)") }
        if strict {
            let mismatches = report.findings.filter(\.isMismatch)
            guard mismatches.isEmpty else { throw ScoringError.doesNotFit(mismatches) }
        }
        if !quiet { ScoreTable.show(report) }
        try reports.write(report)
        return .success
    }

    private func scoreInstances(_ categories: InstanceScorer.Categories) async throws -> CommandStatus {
        let (scores, findings) = try await VideoInstanceResults.score(truth: truth, results: results, categories: categories)
        for finding in findings { StandardError.print("sampt: \(finding)") }
        if strict, !findings.isEmpty { throw ScoringError.doesNotFit(findings) }
        if !quiet { ScoreTable.show(scores) }
        try reports.write(scores, findings, protocolName: protocolName.name, truth: truth, results: results)
        return .success
    }
}

/// What `--protocol` names: rules for masks in folders, or for tubes in JSON.
enum ScoreProtocolName: ExpressibleByArgument, Sendable, Equatable {
    case masks(ScoringProtocol)
    case instances(InstanceScorer.Categories)

    init?(argument: String) {
        switch argument {
        case "uvo": self = .instances(.agnostic)
        case "youtube-vis": self = .instances(.separate)
        default:
            guard let name = ScoringProtocol(rawValue: argument) else { return nil }
            self = .masks(name)
        }
    }

    var name: String {
        switch self {
        case .masks(let name): name.rawValue
        case .instances(.separate): "youtube-vis"
        case .instances: "uvo"
        }
    }

    var defaultValueDescription: String { name }
    static var allValueStrings: [String] { ScoringProtocol.allCases.map(\.rawValue) + ["uvo", "youtube-vis"] }

    static let help = """
        PROTOCOLS
          davis               objects of the first frame; the first and the last frame do not count
          davis2016           everything above 0 is one object
          davis2017           as the official program, also where ids have gaps or are too many
          davis-unsupervised  all frames; proposals are assigned to objects
          mose                as davis
          youtube-vos         objects and frames of --meta, but for each object's first; G with --categories
          lvos                objects and frames of --meta
          bdd100k             each object after its first frame; short, medium and long ones, with both rules
          sa-v, vos-benchmark each object from where it is first seen; the first and the last frame do not count
          uvo, youtube-vis    AP and AR of tubes in JSON, categories as one or each by itself
        """
}

extension ScoringProtocol {
    /// Whether it scores what a data set's description lists.
    var needsDescription: Bool { self == .youTubeVOS || self == .lvos }
}
