import Foundation

/// An unfinished download: the bytes so far in `<file>.part`, and in `<file>.part.json` what they are the beginning of.
///
/// The file is locked, so that two processes never write one download. Sendable because `lock` guards its state.
final class PartialDownload: @unchecked Sendable {
    /// Which content the bytes belong to.
    struct Origin: Codable, Equatable, Sendable {
        var address: String
        /// The entity tag or date by which the server can tell whether the content is still the same.
        var validator: String
    }

    static func file(for final: URL) -> URL { final.appendingPathExtension("part") }
    static func originFile(for final: URL) -> URL { final.appendingPathExtension("part.json") }

    let url: URL
    private let originURL: URL
    private let descriptor: Int32
    private let lock = NSLock()
    private var count: Int
    private var knownOrigin: Origin?
    private var isReleased = false

    /// Opens what an earlier download left, or begins.
    /// - Throws: `ModelStoreError.busy` when another process has it, `.unwritable`.
    init(for final: URL, name: String) throws {
        url = Self.file(for: final)
        originURL = Self.originFile(for: final)
        descriptor = PlantedFile.open(url)
        guard descriptor >= 0 else { throw ModelStoreError.unwritable(path: url.path, reason: systemReason()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? ModelStoreError.busy(name) : .unwritable(path: url.path, reason: systemReason(code))
        }
        count = max(0, Int(lseek(descriptor, 0, SEEK_END)))
        knownOrigin = PlantedFile.content(of: originURL).flatMap { try? JSONDecoder().decode(Origin.self, from: $0) }
        // It becomes a line of the request.
        if knownOrigin?.validator.unicodeScalars.contains(where: { $0.value < 32 }) == true { knownOrigin = nil }
    }

    deinit { close(descriptor) }

    /// Lets others have the file, at once: a transfer that has ended may hold on to this object for a while, and a process that is just
    /// being started may share the descriptor. What comes afterwards is not written.
    func release() {
        lock.withLock {
            isReleased = true
            flock(descriptor, LOCK_UN)
        }
    }

    /// The number of bytes there are.
    var length: Int { lock.withLock { count } }

    /// The number of bytes that a later download can go on from.
    var resumableLength: Int { lock.withLock { knownOrigin == nil ? 0 : count } }

    /// The same for a download that nobody has open.
    static func resumableLength(for final: URL) -> Int {
        ModelStore.length(originFile(for: final)) == nil ? 0 : ModelStore.length(file(for: final)) ?? 0
    }

    /// What the bytes belong to; nil when nobody can tell, and they are of no use.
    var origin: Origin? { lock.withLock { knownOrigin } }

    /// Throws the bytes away; what comes now belongs to `origin`.
    func restart(_ origin: Origin?) throws {
        try lock.withLock {
            guard !isReleased else { throw CancellationError() }
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure() }
            count = 0
            knownOrigin = origin
            unlink(originURL.path)
            guard let origin else { return }
            do {
                try JSONEncoder().encode(origin).write(to: originURL, options: .atomic)
            } catch {
                throw ModelStoreError.unwritable(path: originURL.path, reason: systemReason(error))
            }
        }
    }

    func append(_ data: Data) throws {
        try lock.withLock {
            guard !isReleased else { throw CancellationError() }
            try data.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count, let start = bytes.baseAddress {
                    let step = write(descriptor, start + written, bytes.count - written)
                    if step < 0 && errno == EINTR { continue }
                    guard step > 0 else { throw failure() }
                    written += step
                    count += step
                }
            }
        }
    }

    /// Makes sure that the bytes are on the disk, and still under this name, before they get their final one.
    func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw failure() }
        guard PlantedFile.isAt(url, descriptor) else {
            throw ModelStoreError.unwritable(path: url.path, reason: "something else has taken its place")
        }
    }

    /// Removes the file and what is known of it.
    func remove() {
        unlink(url.path)
        unlink(originURL.path)
    }

    private func failure() -> ModelStoreError { .unwritable(path: url.path, reason: systemReason()) }
}
