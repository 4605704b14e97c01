import Foundation

/// Files at names that others can foresee. Whoever may write into the folder can have put something else there: a link to a file of
/// the user's, a pipe that nobody writes to. Nothing is followed, and nothing waited for.
enum PlantedFile {
    /// Opens a file for reading and writing, or makes it. What lies there and is not a plain file of the user's own, known by this name
    /// alone, is removed.
    /// - Returns: its descriptor; negative with `errno` when it cannot be opened.
    static func open(_ file: URL) -> Int32 {
        // A name that somebody keeps planting is given up.
        for _ in 0..<3 {
            let descriptor = Foundation.open(file.path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            if descriptor >= 0 {
                if isOwn(descriptor) { return descriptor }
                close(descriptor)
            } else if errno == ENOENT {
                let made = Foundation.open(file.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
                if made >= 0 || errno != EEXIST { return made }
                continue
            } else if errno != ELOOP, errno != ENXIO {
                return descriptor
            }
            // Removes the name; what it leads to stays as it is.
            guard unlink(file.path) == 0 || errno == ENOENT else { return -1 }
        }
        errno = EEXIST
        return -1
    }

    /// The content of a small plain file; nil where there is none.
    static func content(of file: URL) -> Data? {
        let descriptor = Foundation.open(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let status = status(descriptor), status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 16 else { return nil }
        return try? handle.read(upToCount: 1 << 16)
    }

    /// Whether a name leads to an open file, without following it.
    static func isAt(_ file: URL, _ descriptor: Int32) -> Bool {
        var found = stat()
        guard lstat(file.path, &found) == 0, let own = status(descriptor) else { return false }
        return found.st_dev == own.st_dev && found.st_ino == own.st_ino
    }

    private static func isOwn(_ descriptor: Int32) -> Bool {
        guard let status = status(descriptor) else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1 && status.st_uid == geteuid()
    }

    private static func status(_ descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }
}
