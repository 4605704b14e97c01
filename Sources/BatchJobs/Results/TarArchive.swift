import Foundation

/// Archives in the ustar form of POSIX.1, which every tar reads. Equal files make equal archives: no times, no owners.
enum TarArchive {
    static let block = 512
    /// Of the size field: eleven octal digits.
    static let largestFile = (1 << 33) - 1

    /// Writes an archive to a name that nobody else has.
    /// - Parameters:
    ///   - first: a file that readers find at once.
    ///   - files: names in the archive, and where the files are.
    /// - Throws: `BatchError.unwritable`, `.unreadable`; nothing is left behind.
    static func write(to path: String, first: (name: String, content: Data), files: [(name: String, path: String)]) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard file >= 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.last) }
        do {
            defer { close(file) }
            func put(_ data: Data) throws {
                let code = SmallFile.writeAll(data, to: file)
                guard code == 0 else { throw BatchError.unwritable(path: path, reason: SystemReason.text(code)) }
            }
            try put(header(first.name, size: first.content.count) + first.content + padding(first.content.count))
            for entry in files {
                var status = stat()
                guard stat(entry.path, &status) == 0 else { throw BatchError.unreadable(path: entry.path, reason: SystemReason.last) }
                let size = Int(clamping: status.st_size)
                try put(header(entry.name, size: size))
                var written = 0
                try FilePieces.forEach(of: entry.path, limit: size) { piece in
                    try put(Data(piece))
                    written += piece.count
                }
                guard written == size else { throw BatchError.unreadable(path: entry.path, reason: "it became shorter") }
                try put(padding(size))
            }
            try put(Data(count: 2 * block))
            guard fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP else {
                throw BatchError.unwritable(path: path, reason: SystemReason.last)
            }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// The archive's first file.
    static func firstFile(of path: String, named name: String) throws -> Data {
        try file(of: path, named: name, limit: SmallFile.largestSize, onlyFirst: true)
    }

    static func file(of path: String, named name: String, limit: Int) throws -> Data {
        try file(of: path, named: name, limit: limit, onlyFirst: false)
    }

    /// The names, sizes and digests of all files.
    /// - Throws: `BatchError.unreadable`, `.damagedFile`.
    static func outputs(of path: String) throws -> [ResultRecord.Output] {
        var outputs: [ResultRecord.Output] = []
        try forEach(of: path) { name, size, read in
            let digest = try SHA256Digest()
            try read { digest.add($0) }
            outputs.append(.init(path: name, bytes: size, sha256: digest.finish().hexadecimal))
            return true
        }
        return outputs
    }

    private static func file(of path: String, named wanted: String, limit: Int, onlyFirst: Bool) throws -> Data {
        var found: Data?
        try forEach(of: path) { name, size, read in
            guard name == wanted else { return !onlyFirst }
            guard size <= limit else { throw BatchError.damagedFile(path: path, reason: "\(name) in it is too large") }
            var data = Data()
            try read { data.append(contentsOf: $0) }
            found = data
            return false
        }
        guard let found else { throw BatchError.damagedFile(path: path, reason: "there is no \(wanted) in it") }
        return found
    }

    /// - Parameter body: gets a file's name, its size, and what reads its content; false ends the walk.
    /// - Throws: `BatchError.unreadable`, `.damagedFile`, and what `body` throws.
    static func forEach(
        of path: String, _ body: (String, Int, (_ piece: (UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws -> Bool
    ) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw BatchError.unreadable(path: path, reason: SystemReason.last) }
        defer { close(file) }
        var place = 0
        var header = [UInt8](repeating: 0, count: block)
        while true {
            guard pread(file, &header, block, off_t(place)) == block else {
                throw BatchError.damagedFile(path: path, reason: "the archive ends early")
            }
            if header.allSatisfy({ $0 == 0 }) { return }
            guard let (name, size) = parse(header) else {
                throw BatchError.damagedFile(path: path, reason: "it is no archive, or not one of a result")
            }
            let start = place + block
            let goesOn = try body(name, size) { piece in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FilePieces.size, alignment: 64)
                defer { buffer.deallocate() }
                var done = 0
                while done < size {
                    let count = pread(file, buffer.baseAddress, min(FilePieces.size, size - done), off_t(start + done))
                    guard count > 0 else { throw BatchError.damagedFile(path: path, reason: "the archive ends early") }
                    try piece(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    done += count
                }
            }
            guard goesOn else { return }
            place = start + (size + block - 1) / block * block
        }
    }

    private static func header(_ name: String, size: Int) throws -> Data {
        let bytes = Array(name.utf8)
        guard bytes.count <= 100, size <= largestFile else {
            throw BatchError.invalidArgument("\(name): its name is too long for an archive, or it has more than 8 GB.")
        }
        var header = [UInt8](repeating: 0, count: block)
        func put(_ text: String, at place: Int) { header.replaceSubrange(place..<place + text.utf8.count, with: Array(text.utf8)) }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, digits: 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6), at: 148)
        header[154] = 0
        return Data(header)
    }

    private static func padding(_ size: Int) -> Data { Data(count: (block - size % block) % block) }

    private static func parse(_ header: [UInt8]) -> (name: String, size: Int)? {
        func text(_ range: Range<Int>) -> String? { String(validating: header[range].prefix { $0 != 0 }, as: UTF8.self) }
        let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard text(257..<262) == "ustar", header[156] == UInt8(ascii: "0"), let name = text(0..<100), !name.isEmpty,
            let size = text(124..<135).flatMap({ Int($0, radix: 8) }), (0...largestFile).contains(size),
            text(148..<154).flatMap({ Int($0, radix: 8) }) == sum
        else { return nil }
        return (name, size)
    }
}
