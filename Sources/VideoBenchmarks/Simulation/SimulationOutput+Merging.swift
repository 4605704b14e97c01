import Foundation
import Media
import Support

extension SimulationOutput {
    /// Where it is said why a video could not be simulated.
    static func failure(of video: String, in output: String) -> String { "\(output)/failures/\(video).json" }

    /// The whole of some parts: what ran is what the first one says, and each video's files are those that its records were made from;
    /// where several parts have a video, those of the first of them.
    /// - Parameter parts: at least one.
    /// - Throws: `MediaError`; `SimulationError.noSimulation` where there is no part.
    public init(path: String, of parts: [SimulationOutput]) throws {
        guard var manifest = parts.first?.manifest else { throw SimulationError.noSimulation(path: path) }
        for part in parts.reversed() where part.manifest.data != nil {
            for video in Set(try part.recordsThere().map(\.video)) { manifest.data?[video] = part.manifest.data?[video] }
        }
        self.init(path: path, manifest: manifest)
    }

    /// Takes over what other folders of the same simulation have (`--shard`), and why videos failed there.
    /// - Returns: how many records were taken.
    /// - Throws: `MediaError.invalidArgument` for a folder of another simulation; `FileError.unwritable`.
    public func merge(_ parts: [SimulationOutput]) throws -> Int {
        var count = 0
        for part in parts {
            let (own, theirs) = (manifest, part.manifest)
            guard own.dataset == theirs.dataset, own.options == theirs.options, own.settings == theirs.settings, own.seeds == theirs.seeds
            else {
                throw MediaError.invalidArgument(
                    "\(part.path) holds another simulation than \(path): it was made with other data, options, models or versions.")
            }
            guard part.path != path else { continue }
            for record in try part.recordsThere() where manifest.covers(record) {
                try Cancellation.check()
                try record.write(
                    to: "\(path)/interactions/seed-\(record.seed)/\(VideoName(record.video, in: part.path))/object-\(record.object).json")
                count += 1
            }
        }
        let done = Set(try recordsThere().map(\.video))
        for video in (manifest.videos ?? []).filter({ !done.contains($0) }) {
            guard let failure = parts.lazy.compactMap({ $0.failure(of: video) }).first else { continue }
            try failure.write(to: Self.failure(of: video, in: path))
        }
        return count
    }

    private func failure(of video: String) -> RunFailure? {
        let settings = manifest.settings.merging(manifest.options) { $1 }
        return RunFailure.read(Self.failure(of: video, in: path)).flatMap { $0.settings == settings ? $0 : nil }
    }

    /// Why videos failed, and what has not been simulated.
    /// - Parameter records: those that are there.
    /// - Throws: `MediaError`.
    public func absences(_ records: [SimulationRecord]) throws -> [ScoringFinding] {
        let done = Dictionary(grouping: records, by: \.video)
        let stale = Set(try recordsOfOptions().filter { !manifest.covers($0) }.map(\.video))
        return (manifest.videos ?? []).compactMap { video in
            if let failure = failure(of: video) { return failure.finding }
            guard let own = done[video], let first = own.first else {
                let since = stale.contains(video) ? " since its files changed" : ""
                return ScoringFinding(.missingSequence, video, "has not been simulated\(since); it is not in the curves")
            }
            let wanted = (first.objectsOfVideo ?? Set(own.map(\.object)).count) * manifest.seeds.count
            guard own.count < wanted else { return nil }
            return ScoringFinding(
                .missingSequence, video, count: wanted - own.count,
                "\(own.count) of \(wanted) simulations of its objects and seeds are there; the curves are made of these")
        }
    }
}
