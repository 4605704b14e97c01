import Foundation
import TensorFiles

/// A folder of compiled networks, one file each, and of notes of what has been found out about weights. A file that is damaged, or that
/// cannot be read or written, is as good as none.
///
/// Several processes may share the folder: files appear whole under their final name, and a removed file stays readable for
/// whoever has it mapped.
public struct CompiledModelCache: Sendable {
    private let folder: URL
    private let limit: Int
    private let diagnostics: Diagnostics

    /// - Parameters:
    ///   - limit: the most bytes of all files together; beyond it the least recently used are removed.
    ///   - diagnostics: told of damaged files, and once when nothing can be written.
    public init(
        folder: URL, limit: Int = CompiledModelCache.defaultLimit, diagnostics: (@Sendable (String) -> Void)? = nil
    ) {
        self.folder = folder
        self.limit = limit
        self.diagnostics = Diagnostics(diagnostics)
    }

    /// 16 GiB: a ViT-H takes 2.6 GB for each precision it is used with, and two or three of them are no reason to compile again at every
    /// change.
    public static let defaultLimit = 16 << 30

    /// `sampt/compiled` in the user's cache folder (`~/Library/Caches` on macOS, `$XDG_CACHE_HOME` or `~/.cache` elsewhere),
    /// or the folder that the environment variable `SAMPT_CACHE` names.
    public static var defaultFolder: URL? { defaultFolder(ProcessInfo.processInfo.environment) }

    static func defaultFolder(_ environment: [String: String]) -> URL? {
        func folder(_ variable: String) -> URL? {
            environment[variable].flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0, isDirectory: true) }
        }
        if let chosen = folder("SAMPT_CACHE") { return chosen }
        #if os(macOS)
            let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
        #else
            let caches = folder("XDG_CACHE_HOME") ?? folder("HOME")?.appendingPathComponent(".cache")
        #endif
        return caches?.appendingPathComponent("sampt").appendingPathComponent("compiled")
    }

    /// What is kept in the folder.
    public struct Contents: Sendable, Equatable {
        /// Compiled networks.
        public var networks = 0
        /// Of all files, notes and what unfinished ones hold included.
        public var bytes = 0
        /// When a network was used last; nil where there is none.
        public var lastUsed: Date?
    }

    /// What is kept now; of a folder that is not there or cannot be read, nothing.
    public func contents() -> Contents {
        var contents = Contents()
        for file in ownFiles() {
            contents.bytes += file.size
            guard file.url.pathExtension == Self.suffix else { continue }
            contents.networks += 1
            contents.lastUsed = max(contents.lastUsed ?? .distantPast, file.used)
        }
        return contents
    }

    /// Removes what is kept; networks are compiled again when they are needed. Programs that use one go on with it. What another program is
    /// just writing stays, and so does everything in the folder that is not the cache's.
    /// - Returns: what was removed.
    /// - Throws: the system's error for the first file that cannot be removed, once the others are gone.
    public func clear() throws -> Contents {
        let before = contents()
        let recently = Date(timeIntervalSinceNow: -3600)
        var failure: (any Error)?
        for file in ownFiles() where file.url.pathExtension != Self.unfinishedSuffix || file.used < recently {
            do {
                try FileManager.default.removeItem(at: file.url)
            } catch CocoaError.fileNoSuchFile {
                // Another program was faster.
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        let after = contents()
        return Contents(networks: before.networks - after.networks, bytes: before.bytes - after.bytes, lastUsed: before.lastUsed)
    }

    /// Files whose names the cache gives.
    private func ownFiles() -> [(url: URL, used: Date, size: Int)] {
        files().filter { file in
            let name = file.url.deletingPathExtension().lastPathComponent
            switch file.url.pathExtension {
            case Self.suffix, Self.noteSuffix: return UInt64(name, radix: 16) != nil
            case Self.unfinishedSuffix: return UUID(uuidString: name) != nil
            default: return false
            }
        }
    }

    /// The folder's files, links left out.
    private func files() -> [(url: URL, used: Date, size: Int)] {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey, .isRegularFileKey]
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))) ?? []
        return files.compactMap { url in
            guard let values = try? url.resourceValues(forKeys: keys), values.isRegularFile == true else { return nil }
            return (url, values.contentModificationDate ?? .distantPast, values.fileSize ?? 0)
        }
    }

    /// - Parameter parts: everything that the compiled form depends on.
    package func entry(for parts: [String]) -> Entry {
        let identity = parts.joined(separator: "\u{1F}")
        let name = String(Fingerprint(identity.utf8).value, radix: 16)
        return Entry(url: folder.appendingPathComponent("\(name).\(Self.suffix)"), identity: Data(identity.utf8), cache: self)
    }

    /// - Parameter key: what has been found out.
    package func note(for key: String) -> Note {
        Note(
            url: folder.appendingPathComponent("\(String(Fingerprint(key.utf8).value, radix: 16)).\(Self.noteSuffix)"), key: key,
            cache: self)
    }

    private static let suffix = "compiled"
    private static let noteSuffix = "note"
    private static let unfinishedSuffix = "part"

    /// Lets a file appear whole under its name, and tells once where that fails.
    /// - Parameter write: writes to the path it is given.
    private func place(_ url: URL, _ write: (URL) throws -> Void) {
        let part = folder.appendingPathComponent("\(UUID().uuidString).\(Self.unfinishedSuffix)")
        defer { try? FileManager.default.removeItem(at: part) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try write(part)
            guard rename(part.path, url.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
            prune()
        } catch {
            diagnostics.reportOnce("Compiled networks cannot be kept in \(folder.path), so every start compiles them again: \(error)")
        }
    }

    /// Marks a file as used, for `prune`.
    private static func touch(_ url: URL) {
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
    }

    /// Removes the least recently used networks beyond the limit, notes of what has not been used for long, and what interrupted processes
    /// left unfinished.
    private func prune() {
        let known = files()
        for (suffix, days) in [(Self.unfinishedSuffix, 1.0), (Self.noteSuffix, 100)] {
            let date = Date(timeIntervalSinceNow: -days * 24 * 3600)
            for file in known where file.url.pathExtension == suffix && file.used < date {
                try? FileManager.default.removeItem(at: file.url)
            }
        }
        let finished = known.filter { $0.url.pathExtension == Self.suffix }.sorted { $0.used < $1.used }
        var total = finished.reduce(0) { $0 + $1.size }
        for file in finished where total > limit {
            try? FileManager.default.removeItem(at: file.url)
            total -= file.size
        }
    }
}

extension CompiledModelCache {
    /// The place of one compiled network.
    ///
    /// Its file is the network as the engine exports it, which comes first so that it lies on a page boundary when the file is
    /// mapped; then the details that the export lacks; then the identity, which guards against two networks under the same hash;
    /// then the trailer: the lengths of the three, a checksum of all of them, and the magic number, each eight bytes in
    /// little-endian order.
    package struct Entry {
        package let url: URL
        fileprivate let identity: Data
        fileprivate let cache: CompiledModelCache

        private static let magic: UInt64 = 0x33_4C50_4D43_5450  // "PTCMPL3"
        private static let trailerLength = 5 * 8

        /// The stored network, mapped; nil when there is none or it is damaged.
        package func load() -> (blob: Data, details: Data)? {
            // Mapped also on network volumes: files are never changed in place.
            guard let file = try? Data(contentsOf: url, options: .alwaysMapped) else { return nil }
            guard let stored = verified(file) else {
                cache.diagnostics.report("The compiled network \(url.path) is damaged or not this version's, and is made anew.")
                return nil
            }
            CompiledModelCache.touch(url)
            return stored
        }

        private func verified(_ file: Data) -> (blob: Data, details: Data)? {
            guard file.count > Self.trailerLength else { return nil }
            let trailer = file.suffix(Self.trailerLength).withUnsafeBytes { bytes in
                (0..<5).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
            }
            let content = file.prefix(file.count - Self.trailerLength)
            guard trailer[4] == Self.magic, trailer[2] == UInt64(identity.count), content.suffix(identity.count) == identity,
                trailer[3] == Self.checksum(content)
            else { return nil }
            // Whole, so the lengths are as they were written; compared in turn so that none can overflow.
            let rest = content.dropLast(identity.count)
            guard trailer[1] <= UInt64(rest.count), trailer[0] == UInt64(rest.count) - trailer[1] else { return nil }
            return (rest.prefix(Int(trailer[0])), rest.suffix(Int(trailer[1])))
        }

        private static func checksum(_ content: Data) -> UInt64 { Fingerprint(ofLarge: content).value }

        /// Stores what `export` writes to the path it is given, and the details that it returns.
        package func store(_ export: (String) throws -> Data) {
            cache.place(url) { part in
                let details = try export(part.path)
                try seal(part, details: details)
            }
        }

        /// Appends details, identity and trailer to an exported network.
        private func seal(_ part: URL, details: Data) throws {
            let length = try Data(contentsOf: part, options: .alwaysMapped).count
            let handle = try FileHandle(forUpdating: part)
            defer { try? handle.close() }
            try handle.seekToEnd()
            try handle.write(contentsOf: details + identity)
            let sum = Self.checksum(try Data(contentsOf: part, options: .alwaysMapped))
            var trailer = Data()
            for word in [UInt64(length), UInt64(details.count), UInt64(identity.count), sum, Self.magic] {
                withUnsafeBytes(of: word.littleEndian) { trailer.append(contentsOf: $0) }
            }
            try handle.write(contentsOf: trailer)
        }
    }

    /// That something has been found out, so that it need not be again. Its file holds the key, which guards against two of one hash.
    package struct Note {
        fileprivate let url: URL
        fileprivate let key: String
        fileprivate let cache: CompiledModelCache

        package var isThere: Bool {
            guard let content = try? Data(contentsOf: url), content == Data(key.utf8) else { return false }
            CompiledModelCache.touch(url)
            return true
        }

        package func leave() { cache.place(url) { try Data(key.utf8).write(to: $0) } }
    }

    /// Passes messages on. Sendable because `lock` guards its state.
    private final class Diagnostics: @unchecked Sendable {
        private let body: (@Sendable (String) -> Void)?
        private let lock = NSLock()
        private var told = false

        init(_ body: (@Sendable (String) -> Void)?) {
            self.body = body
        }

        func report(_ message: String) { body?(message) }

        func reportOnce(_ message: @autoclosure () -> String) {
            let first = lock.withLock {
                defer { told = true }
                return !told
            }
            if first { body?(message()) }
        }
    }
}
