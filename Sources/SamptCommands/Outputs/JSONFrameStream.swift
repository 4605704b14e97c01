import Foundation
import Media

/// A JSON object with a long list "frames", written frame by frame in constant memory.
///
/// The file has a temporary name until it is finished; then it is one valid JSON document.
final class JSONFrameStream {
    let path: String
    private let temporary: String
    private let file: FileHandle
    private let encoder = JSONEncoder()
    private var buffer = Data()
    private var framesWritten = 0
    private var isOpen = true

    /// - Parameters:
    ///   - header: the fields before "frames"; encodes to a JSON object.
    ///   - file: written to in place of a new temporary file.
    /// - Throws: `MediaError.unwritable` when the file cannot be created.
    init(path: String, header: some Encodable, file: FileHandle? = nil) throws {
        self.path = path
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if let file {
            (temporary, self.file) = (AtomicFile.temporaryPath(for: path), file)
        } else {
            (temporary, self.file) = try OutputFile.create(for: path)
        }
        do {
            let fields = try self.fields(of: header)
            buffer.append(Data("{\n".utf8))
            if !fields.isEmpty { buffer.append(fields + Data(",\n".utf8)) }
            buffer.append(Data("\"frames\": [".utf8))
        } catch {
            abandon()
            throw error
        }
    }

    deinit { abandon() }

    func append(_ frame: some Encodable) throws {
        guard isOpen else { throw MediaError.unwritable(path: path, reason: "it is closed") }
        buffer.append(Data((framesWritten == 0 ? "\n" : ",\n").utf8))
        buffer.append(try encoder.encode(frame))
        framesWritten += 1
        if buffer.count > 1 << 16 { try flush() }
    }

    /// Completes the document and gives it its name.
    /// - Parameter trailer: the fields after "frames".
    func finish(trailer: some Encodable) throws {
        guard isOpen else { return }
        buffer.append(Data("\n]".utf8))
        let fields = try self.fields(of: trailer)
        if !fields.isEmpty { buffer.append(Data(",\n".utf8) + fields) }
        buffer.append(Data("\n}\n".utf8))
        try flush()
        do {
            try file.close()
        } catch {
            throw failed(error)
        }
        isOpen = false
        try AtomicFile.commit(temporary, to: path)
    }

    /// Stops without a result; nothing is left behind.
    func abandon() {
        guard isOpen else { return }
        isOpen = false
        try? file.close()
        unlink(temporary)
    }

    private func flush() throws {
        do {
            try file.write(contentsOf: buffer)
        } catch {
            throw failed(error)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func failed(_ error: any Error) -> MediaError {
        abandon()
        return .unwritable(path: path, reason: AtomicFile.reason(error))
    }

    /// The object's fields without its braces.
    private func fields(of value: some Encodable) throws -> Data {
        Data(try encoder.encode(value).dropFirst().dropLast())
    }
}

/// Creating output files early, so that a path that cannot be written is found before the work.
enum OutputFile {
    /// A new file under the temporary name for `path`.
    static func create(for path: String) throws -> (path: String, file: FileHandle) {
        try AtomicFile.checkReplaceable(path)
        let temporary = AtomicFile.temporaryPath(for: path)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o644)
        guard descriptor >= 0 else {
            throw MediaError.unwritable(path: path, reason: String(cString: strerror(errno)).lowercased())
        }
        return (temporary, FileHandle(fileDescriptor: descriptor, closeOnDealloc: true))
    }

    /// Finds out whether `path` can be written later.
    static func check(_ path: String) throws {
        let (temporary, file) = try create(for: path)
        try? file.close()
        unlink(temporary)
    }
}
