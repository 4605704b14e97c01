import Foundation

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The bytes of a file, memory-mapped, or bytes that are in memory anyway.
struct FileContents: Sendable {
    /// For messages.
    let name: String
    /// Starts at index 0.
    let data: Data
    /// nil for bytes in memory.
    let url: URL?
    /// When the file was last written, in nanoseconds; nil for bytes in memory.
    let modified: Int64?

    var count: Int { data.count }

    init(data: Data, name: String) {
        self.data = data.startIndex == 0 ? data : data.subdata(in: data.startIndex..<data.endIndex)
        self.name = name
        url = nil
        modified = nil
    }

    /// - Throws: `TensorFileError.unreadable`.
    init(url: URL) throws {
        func unreadable(_ reason: String) -> TensorFileError { .unreadable(file: url.path, reason: reason) }
        // Not blocking: opening a named pipe would wait for its writer.
        let file = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(String(cString: strerror(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw unreadable(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG, let size = Int(exactly: status.st_size) else { throw unreadable("it is not a file") }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        name = url.path
        self.url = url
        guard size > 0 else {
            data = Data()
            return
        }
        guard let bytes = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), bytes != MAP_FAILED else {
            throw unreadable(String(cString: strerror(errno)))
        }
        data = Data(bytesNoCopy: bytes, count: size, deallocator: .custom { munmap($0, $1) })
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at `offset`; nil where it reaches past the end.
    func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int, as type: T.Type = T.self) -> T? {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
        return T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
