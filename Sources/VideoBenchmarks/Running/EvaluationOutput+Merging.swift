import Foundation
import Media
import Support

extension EvaluationOutput {
    /// Takes over the videos that other folders of the same evaluation have (`--shard`), and why others failed there.
    /// - Returns: how many runs of videos were taken.
    /// - Throws: `MediaError.invalidArgument` for a folder of another evaluation or data set; `FileError.unwritable`.
    public func merge(_ parts: [EvaluationOutput], _ set: EvaluatedSet) throws -> Int {
        var count = 0
        for part in parts {
            guard part.manifest.dataset == manifest.dataset else {
                throw MediaError.invalidArgument(
                    "\(part.path) holds an evaluation of \(part.manifest.dataset), \(path) one of \(manifest.dataset). Merge those of one data set."
                )
            }
            for run in manifest.runs {
                guard part.manifest.runs.contains(where: { $0.folder == run.folder && $0.settings == run.settings }) else {
                    throw MediaError.invalidArgument(
                        "\(part.path) holds another evaluation than \(path): its \(run.setting) with seed \(run.seed) was made with other options, models or versions."
                    )
                }
                for video in set.videos {
                    try Cancellation.check()
                    if try take(video, run, from: part, set) { count += 1 }
                }
            }
        }
        for run in manifest.runs { try takeFailures(run, from: parts, set) }
        return count
    }

    private func take(_ video: String, _ run: EvaluationRun, from part: EvaluationOutput, _ set: EvaluatedSet) throws -> Bool {
        guard let known = RunRecord.read(run.record(of: video, in: part.path)), known.settings == run.settings else { return false }
        let (source, target) = (set.product(run, video, part.path), set.product(run, video, path))
        guard source != target, FileManager.default.fileExists(atPath: source) else { return false }
        // What was made of other files is taken, and named, only where nothing better is known.
        if !set.isCurrent(known), let own = RunRecord.read(run.record(of: video, in: path)), own.settings == run.settings,
            set.isCurrent(own)
        {
            return false
        }
        try run.forget(video, in: path)
        _ = try OutputFolder(PathParts(target).folder)
        try Self.copy(source, to: target)
        try known.write(to: run.record(of: video, in: path))
        return true
    }

    /// Whole, or not at all.
    private static func copy(_ source: String, to target: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: source, isDirectory: &isFolder), isFolder.boolValue else {
            return try AtomicFile.write(InputFile.read(source, limit: 1 << 32), to: target)
        }
        let folder = try PartFolder(for: target, replacesContents: true)
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: source) {
                try FileManager.default.copyItem(atPath: source + "/" + name, toPath: folder.path + "/" + name)
            }
            try folder.commit()
        } catch {
            folder.discard()
            throw FileError.unwritable(path: target, reason: AtomicFile.reason(error))
        }
    }

    /// Those of videos that no part has done.
    private func takeFailures(_ run: EvaluationRun, from parts: [EvaluationOutput], _ set: EvaluatedSet) throws {
        for video in progress(of: run, set).missing {
            guard let failure = parts.lazy.compactMap({ $0.failure(of: video, run) }).first else { continue }
            try failure.write(to: run.failure(of: video, in: path))
        }
    }
}
