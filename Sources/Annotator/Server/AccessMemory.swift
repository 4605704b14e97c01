import Foundation

/// Token and port of an annotator's last start, so that an open page goes on by itself after another start, and a bookmark stays good.
///
/// A small file of the user's, which nobody else can read, one for each project and address that is listened on: a token that went over a
/// network is never that of this computer. What is older than 30 days counts no more.
public struct AccessMemory: Sendable {
    /// What was remembered, or is to be.
    struct Access: Codable, Equatable {
        var token: String
        var port: Int
        /// What the file is for: two names may have one digest.
        var about: String
    }

    private static let mostBytes = 4096
    /// As long, the browser keeps the token, too.
    static let lifetime: TimeInterval = 30 * 24 * 3600

    private let folder: String
    private let about: String

    /// - Parameters:
    ///   - folder: the user's own; made where it does not exist.
    ///   - project: the project's path.
    ///   - host: what is listened on; nil: this computer alone.
    public init(folder: URL = AccessMemory.usualFolder, project: String, host: String?) {
        self.folder = folder.path
        about = URL(fileURLWithPath: project).resolvingSymlinksInPath().path + "\n" + (host ?? "")
    }

    /// `sampt/annotator` where the system keeps what programs remember (`$XDG_STATE_HOME` or `~/.local/state`; on macOS
    /// `~/Library/Application Support`), or in the folder that the environment variable `SAMPT_STATE` names.
    public static var usualFolder: URL {
        let environment = ProcessInfo.processInfo.environment
        func folder(_ name: String) -> URL? {
            environment[name].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0, isDirectory: true) : nil }
        }
        let home = FileManager.default.homeDirectoryForCurrentUser
        #if os(macOS)
            let usual = home.appendingPathComponent("Library/Application Support", isDirectory: true)
        #else
            let usual = folder("XDG_STATE_HOME") ?? home.appendingPathComponent(".local/state", isDirectory: true)
        #endif
        return (folder("SAMPT_STATE") ?? usual.appendingPathComponent("sampt", isDirectory: true))
            .appendingPathComponent("annotator", isDirectory: true)
    }

    private var path: String {
        // FNV-1a.
        let digest = about.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\(folder)/\(String(digest, radix: 16)).json"
    }

    /// nil where there is none, or where somebody else could have read or written it.
    func load() -> Access? {
        guard let data = Self.read(path), let access = try? JSONDecoder().decode(Access.self, from: data), access.about == about,
            AccessGuard.isToken(access.token), (1...65535).contains(access.port)
        else { return nil }
        return access
    }

    /// Where it cannot be written, nothing is remembered: the next start has a token of its own.
    func save(token: String, port: Int) {
        let files = FileManager.default
        try? files.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard Self.isOwn(folder, S_IFDIR), let data = try? JSONEncoder().encode(Access(token: token, port: port, about: about)) else {
            return
        }
        removeOld()
        let part = "\(path).\(getpid()).part"
        let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return }
        let written = data.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        close(file)
        if written != data.count || rename(part, path) != 0 { unlink(part) }
    }

    private func removeOld() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            if let age = Self.age(path), age > Self.lifetime { unlink(path) }
        }
    }

    private static func age(_ path: String) -> TimeInterval? {
        guard let changed = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date else { return nil }
        return Date.now.timeIntervalSince(changed)
    }

    /// Whether it belongs to this user, and others can do nothing with it.
    private static func isOwn(_ path: String, _ kind: mode_t) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && isOwn(status, kind)
    }

    private static func isOwn(_ status: stat, _ kind: mode_t) -> Bool {
        status.st_mode & S_IFMT == kind && status.st_uid == geteuid() && status.st_mode & 0o077 == 0
    }

    private static func read(_ path: String) -> Data? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        var status = stat()
        guard fstat(file, &status) == 0, isOwn(status, S_IFREG), status.st_size <= mostBytes, let age = age(path), age < lifetime else {
            return nil
        }
        return try? handle.read(upToCount: mostBytes)
    }
}
