import Foundation
import Media
import Support

extension SimulationOutput {
    /// Where it is said why a video could not be simulated.
    static func failure(of video: String, in output: String) -> String { "\(output)/failures/\(video).json" }

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
            for record in try part.recordsThere() {
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

    /// Why videos failed, and which have not been simulated.
    public func absences(_ records: [SimulationRecord]) -> [ScoringFinding] {
        let done = Set(records.map(\.video))
        return (manifest.videos ?? []).compactMap { video in
            if let failure = failure(of: video) { return failure.finding }
            return done.contains(video)
                ? nil : ScoringFinding(.missingSequence, video, "has not been simulated; it is not in the curves")
        }
    }
}
