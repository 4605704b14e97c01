import Foundation
import TensorFiles

/// A folder of compiled networks, one file each. A file that is damaged, or that cannot be read or written, is as good as none.
public struct CompiledModelCache: Sendable {
    private let folder: URL

    public init(folder: URL) {
        self.folder = folder
    }

    /// The platform's cache folder, or the folder that the environment variable SAMPT_CACHE names.
    public static var defaultFolder: URL? {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["SAMPT_CACHE"], !path.isEmpty { return URL(fileURLWithPath: path) }
        return FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first?
            .appendingPathComponent("sampt").appendingPathComponent("compiled")
    }

    /// - Parameter parts: everything that the compiled form depends on.
    func entry(for parts: [String]) -> Entry {
        let name = String(Fingerprint(parts.joined(separator: "\u{1F}").utf8).value, radix: 16)
        return Entry(url: folder.appendingPathComponent("\(name).compiled"))
    }

    struct Entry {
        let url: URL
        private static let magic = Data("sampt-compiled-2".utf8)
        /// Before the network: the magic, a checksum, and zeros up to a whole page, since the engine reads weights in place.
        private static let headerLength = 4096

        /// The stored network; nil when there is none or it is damaged.
        func load() -> Data? {
            guard let data = try? Data(contentsOf: url, options: .mappedIfSafe), data.count > Self.headerLength,
                data.prefix(Self.magic.count) == Self.magic
            else { return nil }
            let stored = data.dropFirst(Self.magic.count).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let blob = data.dropFirst(Self.headerLength)
            guard Fingerprint(ofLarge: blob).value == stored else { return nil }
            // Marks the entry as used, for `prune`.
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
            return blob
        }

        /// Stores what `export` writes to the path it is given; `export` returns whether it succeeded.
        func store(_ export: (String) -> Bool) {
            let folder = url.deletingLastPathComponent()
            let part = folder.appendingPathComponent("\(url.lastPathComponent).\(UUID().uuidString).part")
            let blobPart = part.appendingPathExtension("blob")
            defer {
                try? FileManager.default.removeItem(at: part)
                try? FileManager.default.removeItem(at: blobPart)
            }
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                guard export(blobPart.path) else { return }
                let blob = try Data(contentsOf: blobPart)
                let sum = Fingerprint(ofLarge: blob).value
                var file = Self.magic
                file.append(contentsOf: (0..<8).map { UInt8(truncatingIfNeeded: sum >> (56 - 8 * UInt64($0))) })
                file.append(Data(count: Self.headerLength - file.count))
                file.append(blob)
                try file.write(to: part)
                guard rename(part.path, url.path) == 0 else { return }
                CompiledModelCache(folder: folder).prune(keeping: url)
            } catch {
                // Without a cache the next start compiles again; nothing else changes.
                return
            }
        }
    }

    /// Removes the least recently used files beyond 4 GB.
    private func prune(keeping newest: URL, limit: Int = 4 << 30) {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey]
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))) ?? []
        let known = files.filter { $0.pathExtension == "compiled" }.compactMap { url in
            (try? url.resourceValues(forKeys: keys)).map { (url, $0.contentModificationDate ?? .distantPast, $0.fileSize ?? 0) }
        }
        var total = known.reduce(0) { $0 + $1.2 }
        for (url, _, size) in known.sorted(by: { $0.1 < $1.1 }) where total > limit && url.lastPathComponent != newest.lastPathComponent {
            try? FileManager.default.removeItem(at: url)
            total -= size
        }
    }
}
