/// What was found in one of an evaluation's runs.
public struct RunFindings: Sendable {
    public var setting: String
    public var seed: UInt64?
    public var findings: [ScoringFinding]

    public init(setting: String, seed: UInt64?, _ findings: [ScoringFinding]) {
        (self.setting, self.seed, self.findings) = (setting, seed, findings)
    }

    public init(_ run: EvaluationRun, _ findings: [ScoringFinding]) { self.init(setting: run.setting, seed: run.seed, findings) }

    private struct Run: Hashable {
        var setting: String
        var seed: UInt64?
    }

    /// What was found in all runs, each once, in order. What not every run has names the settings, and the seeds, that do.
    /// - Parameter runs: all runs, those without findings, too; a run may stand in it several times.
    public static func merged(_ runs: [RunFindings]) -> [ScoringFinding] {
        var (known, all): (Set<Run>, [Run]) = ([], [])
        var (owners, order): ([ScoringFinding: Set<Run>], [ScoringFinding]) = ([:], [])
        for entry in runs {
            let run = Run(setting: entry.setting, seed: entry.seed)
            if known.insert(run).inserted { all.append(run) }
            for finding in entry.findings {
                if owners[finding] == nil { order.append(finding) }
                owners[finding, default: []].insert(run)
            }
        }
        return order.map { finding in
            guard let own = owners[finding], own.count < all.count else { return finding }
            var named = finding
            named.message += " (\(names(of: own, among: all)))"
            return named
        }
    }

    private static func names(of some: Set<Run>, among all: [Run]) -> String {
        var settings: [String] = []
        for run in all where some.contains(run) && !settings.contains(run.setting) { settings.append(run.setting) }
        return settings.map { setting in
            let runs = all.filter { $0.setting == setting }
            let own = runs.filter(some.contains)
            guard own.count < runs.count else { return setting }
            return "\(setting), seed\(own.count > 1 ? "s" : "") " + own.compactMap { $0.seed.map(String.init) }.joined(separator: ", ")
        }.joined(separator: "; ")
    }

    /// A finding where scored runs do not have the same videos, whose means cannot be compared.
    /// - Parameter videos: of each run that was scored.
    public static func differing(_ videos: [Set<String>]) -> [ScoringFinding] {
        guard let first = videos.first, videos.contains(where: { $0 != first }) else { return [] }
        let common = videos.reduce(first) { $0.intersection($1) }
        let partial = videos.reduce(first) { $0.union($1) }.subtracting(common)
        guard let name = partial.min() else { return [] }
        return [
            ScoringFinding(
                .missingSequence, count: partial.count,
                "not every setting and seed has a score of \(partial.count) video\(partial.count == 1 ? "" : "s") (the first is \(name)): their means and gains are of different videos"
            )
        ]
    }
}
