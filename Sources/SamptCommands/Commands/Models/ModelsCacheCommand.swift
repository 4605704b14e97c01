import ArgumentParser
import Foundation
import Inference
import ModelStore
import SegmentationJobs
import Support

struct ModelsCacheCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "Show or clear the cache of compiled networks.",
        discussion: """
            A network is compiled for this machine and for the size of the frames when it is first used, and kept, so that the next start takes \
            seconds. The cache grows to 16 GiB; then the networks that were not used for longest go. It may be cleared at any time. SAMPT_CACHE names \
            another folder for it.

              sampt models cache
              sampt models cache --clear

            \(CommandStatus.help)
            """)

    @Flag(help: "Remove all compiled networks.")
    var clear = false
    @Flag(help: "Print what there is, or with --clear what was removed, as JSON.")
    var json = false

    func run() async throws {
        try await withExitStatus {
            guard let folder = CompiledModelCache.defaultFolder else {
                throw CommandError.missingInput("No folder for the cache is known: neither SAMPT_CACHE nor HOME is set.")
            }
            let cache = CompiledModelCache(folder: folder)
            let contents: CompiledModelCache.Contents
            do {
                contents = clear ? try cache.clear() : cache.contents()
            } catch {
                throw FileError.unwritable(path: folder.path, reason: AtomicFile.reason(error))
            }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                encoder.dateEncodingStrategy = .iso8601
                StandardOutput.print(json: String(decoding: try encoder.encode(Report(contents, folder: folder)), as: UTF8.self))
            } else {
                let amount = "\(contents.networks) compiled network\(contents.networks == 1 ? "" : "s"), \(contents.bytes.asBytes)"
                StandardOutput.print(clear ? "Removed: \(amount)" : "\(amount), at most \(CompiledModelCache.defaultLimit.asBytes)")
                StandardOutput.print("The cache's folder: \(folder.path)")
            }
            return .success
        }
    }

    /// What `--json` prints.
    private struct Report: Encodable {
        var folder: String
        var networks: Int
        var bytes: Int
        var limit = CompiledModelCache.defaultLimit
        /// When a network was used last.
        var lastUsed: Date?

        init(_ contents: CompiledModelCache.Contents, folder: URL) {
            self.folder = folder.path
            (networks, bytes, lastUsed) = (contents.networks, contents.bytes, contents.lastUsed)
        }
    }
}
