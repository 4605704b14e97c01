import Foundation
import Media
import MethodPresets
import SAMPT
import SegmentationJobs
import Support
import VideoBenchmarks

/// The settings and seeds of an evaluation.
struct EvaluationRows: Sendable {
    struct Row: Sendable {
        var run: EvaluationRun
        var settings: MethodSettings
    }

    /// Seeds of one setting after each other.
    let rows: [Row]
    /// Files that they were read from.
    let files: [String]
    let title: String?
    /// What the sweep says of others on the data set.
    let published: PublishedTable?

    var runs: [EvaluationRun] { rows.map(\.run) }

    /// - Throws: `PresetError`, `CommandError.usage`, and what finding the models' fingerprints throws.
    /// - Parameter more: what else decides the results.
    init(
        models: ModelOptions, method: MethodOptions, running: EvaluationOptions, dataset: String, more: [String: String] = [:]
    ) throws {
        var rows: [Row] = []
        var fingerprints: [String: String] = [:]
        var precisions: (usual: String, parts: String)?
        func add(_ name: String, _ settings: MethodSettings, preset: Preset?, row: Sweep.Row? = nil, inFolder: Bool) throws {
            try settings.validate()
            for index in 0..<running.seeds {
                guard let base = UInt64(PresetKey.seed.text(in: settings)) else { throw CommandError.usage("--seed must be a number.") }
                let seed = base &+ UInt64(index)
                let key = settings.segmenter + " with " + settings.tracker
                if fingerprints[key] == nil { fingerprints[key] = try Self.fingerprint(settings, models) }
                var identity = Dictionary(uniqueKeysWithValues: PresetKey.allCases.map { ($0.rawValue, $0.text(in: settings)) })
                identity["seed"] = "\(seed)"
                identity["prompt"] = running.prompt.text
                let resolved = try precisions ?? models.networks.resolvedPrecisions()
                precisions = resolved
                (identity["precision"], identity["part-precision"]) = resolved
                identity["hq-token-only"] = "\(models.segmenter.hqTokenOnly)"
                identity["models"] = fingerprints[key]
                identity["program"] = ProgramVersion.current
                identity.merge(more) { $1 }
                let folder = inFolder || running.seeds > 1 ? "\(Self.folderName(name))/seed-\(seed)" : ""
                rows.append(
                    Row(
                        run: EvaluationRun(
                            folder: folder, setting: name, seed: seed, settings: identity, paper: row?.paper ?? preset?.paper,
                            paperScore: row?.paperScores[dataset] ?? preset?.paperScore(on: dataset), against: row?.against),
                        settings: settings))
            }
        }
        if let text = running.sweep {
            guard models.presets.preset == nil else {
                throw CommandError.usage("--preset has no effect with --sweep, whose rows name theirs.")
            }
            let sweep = try Sweep.load(text)
            (title, files) = (sweep.title, sweep.files)
            published = sweep.published.flatMap { published in
                published.data.contains(dataset)
                    ? PublishedTable(title: sweep.title, columns: published.columns, rows: published.rows) : nil
            }
            for row in sweep.rows {
                let preset = try row.preset.map { try Preset.load($0) }
                var settings = try preset?.settings() ?? MethodSettings()
                try settings.apply(row.assignments)
                for (key, value) in try models.presets.assignments() {
                    try settings.apply(PresetSetting(key, value, source: .option("--set")))
                }
                if let name = models.segmenter.segmenter { settings.segmenter = name }
                if let name = models.tracker.tracker { settings.tracker = name }
                try method.apply(to: &settings)
                try add(row.name, settings, preset: preset, row: row, inFolder: true)
            }
        } else {
            (title, files, published) = (nil, [], nil)
            let settings = try models.settings(with: method, for: running.prompt == .mask ? .firstMasks : .video)
            let preset = try models.presets.preset.map { try Preset.load($0) }
            try add(models.presets.preset.map { PathParts($0).name } ?? "default", settings, preset: preset, inFolder: false)
        }
        self.rows = rows
        let folders = rows.map(\.run.folder)
        guard Set(folders).count == folders.count else {
            throw CommandError.usage("--sweep: two rows' names differ in nothing that a folder's name may have. Give them other names.")
        }
    }

    /// Rows that share their segmenter, and with it what its encoder makes of frames, in order.
    /// - Parameter fits: whether memory holds a segmenter beside some trackers; those that it does not hold together make groups of their
    ///   own.
    func groups(_ fits: (_ segmenter: String, _ trackers: Set<String>) throws -> Bool) rethrows -> [[Row]] {
        var groups: [[Row]] = []
        for row in rows {
            let place = try groups.firstIndex { group in
                guard group[0].settings.segmenter == row.settings.segmenter else { return false }
                let trackers = Set(group.map(\.settings.tracker))
                return try trackers.contains(row.settings.tracker) || fits(row.settings.segmenter, trackers.union([row.settings.tracker]))
            }
            if let place { groups[place].append(row) } else { groups.append([row]) }
        }
        return groups
    }

    private static func fingerprint(_ settings: MethodSettings, _ models: ModelOptions) throws -> String {
        let choices = [try models.segmenter.choice(settings.segmenter), try models.tracker.choice(settings.tracker)]
        try ModelChoice.checkPresence(choices)
        return try choices.map { try $0.fingerprint() }.joined(separator: "; ")
    }

    private static func folderName(_ name: String) -> String {
        let kept = name.unicodeScalars.map { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "-_=.".unicodeScalars.contains(scalar))
                ? String(scalar) : "-"
        }.joined()
        return String((kept.hasPrefix(".") ? "-" + kept : kept).prefix(120))
    }
}
