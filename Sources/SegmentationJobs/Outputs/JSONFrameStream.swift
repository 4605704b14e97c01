import Foundation
import Media
import Support

/// A JSON object with a long list "frames", written frame by frame in constant memory.
///
/// The file has a temporary name until it is finished; then it is one valid JSON document.
final class JSONFrameStream {
    let path: String
    private let file: PartFile
    private let encoder = JSONEncoder()
    private var buffer = Data()
    private(set) var framesWritten = 0
    private var isOpen = true

    /// - Parameters:
    ///   - header: the fields before "frames"; encodes to a JSON object.
    ///   - file: written to in place of a new one.
    /// - Throws: `FileError.unwritable` when the file cannot be created.
    init(path: String, header: some Encodable, file: PartFile? = nil) throws {
        self.path = path
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.file = try file ?? OutputFile.create(for: path)
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
        guard isOpen else { throw FileError.unwritable(path: path, reason: "it is closed") }
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
        isOpen = false
        try file.commit()
    }

    /// Stops without a result; nothing is left behind.
    func abandon() {
        guard isOpen else { return }
        isOpen = false
        file.discard()
    }

    private func flush() throws {
        do {
            try file.write(buffer)
        } catch {
            abandon()
            throw error
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// The object's fields without its braces.
    private func fields(of value: some Encodable) throws -> Data {
        Data(try encoder.encode(value).dropFirst().dropLast())
    }
}

/// Creating output files early, so that a path that cannot be written is found before the work.
package enum OutputFile {
    /// A new file under a temporary name. What dead processes left of this output goes.
    package static func create(for path: String) throws -> PartFile {
        let file = try PartFile(for: path)
        PartFile.removeLeftovers(of: path)
        return file
    }

    /// Finds out whether `path` can be written later.
    package static func check(_ path: String) throws { try create(for: path).discard() }
}
