import Foundation
import Support
import TensorFiles

/// What can go wrong when a network is written.
public enum ONNXFileError: Error, Sendable, Equatable {
    case unwritable(path: String, reason: String)
    /// The bytes are no model that `Graph` made.
    case malformed(reason: String)
}

extension ONNXFileError: DescribedError {
    public var description: String {
        switch self {
        case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)."
        case .malformed(let reason): "The network cannot be written as ONNX: \(reason)."
        }
    }
}

extension ONNXModel {
    /// The most bytes of constants that are written into the model's own file: a protobuf must stay below 2 GB.
    public static let largestEmbedded = 1_900_000_000

    /// An input or output.
    public struct Port: Sendable, Equatable {
        public var name: String
        public var shape: [Int]
    }

    /// The inputs and outputs as the model's bytes declare them.
    public func ports() throws -> (inputs: [Port], outputs: [Port]) {
        let graph = try proto().graph
        func ports(_ values: [ValueInfoProto]) -> [Port] {
            values.map { Port(name: $0.name, shape: $0.shape.map(\.count)) }
        }
        return (ports(graph.input), ports(graph.output))
    }

    /// Writes the model for other programs: a file of its own, with all constants in it. If they have more than `largestEmbedded` bytes,
    /// large ones go to a second file beside it, called like the first with `.data` added (ONNX external data); the two belong together.
    ///
    /// Files appear under their names when they are complete. Constants are written from where they are, not copied.
    /// - Returns: the second file; nil when there is none.
    /// - Throws: `ONNXFileError`.
    @discardableResult
    public func write(to url: URL, largestEmbedded: Int = largestEmbedded) throws -> URL? {
        var model = try proto()
        // Constants in a mapped file may begin at one place and differ in length.
        let byPlace = Dictionary(
            constants.map { ($0.withUnsafeBuffer { Place(Int(bitPattern: $0.baseAddress), bytes: $0.count * 4) }, $0) }
        ) {
            first, _ in first
        }
        var small: [TensorProto] = []
        var large: [(header: TensorProto, contents: Tensor)] = []
        for var initializer in model.graph.initializer {
            guard let place = initializer.place else {
                small.append(initializer)
                continue
            }
            guard let tensor = byPlace[place] else {
                throw ONNXFileError.malformed(reason: "the constant \(initializer.name) is not there")
            }
            initializer.externalData = []
            initializer.isExternal = false
            large.append((initializer, tensor))
        }
        let separate = constantBytes > largestEmbedded
        let dataFile = separate ? url.appendingPathExtension("data") : nil
        if let dataFile {
            let file = try ReplacingFile(dataFile)
            for (header, contents) in large {
                try file.align(4096)
                var referring = header
                referring.refer(to: dataFile.lastPathComponent, offset: file.count, length: contents.byteCount)
                small.append(referring)
                try file.write(contents)
            }
            try file.commit()
            large = []
        }
        model.graph.initializer = small
        try Self.write(model, large, to: url)
        return dataFile
    }

    private func proto() throws -> ModelProto { try ModelProto(serialized: data) }

    /// Writes a protobuf piece by piece, as serialising it whole would give it but for the order of fields, which is free.
    private static func write(_ model: ModelProto, _ large: [(header: TensorProto, contents: Tensor)], to url: URL) throws {
        let graph = model.graph.serialized()
        var frame = ProtobufWriter()
        model.write(to: &frame, graph: nil)
        let constants = large.map { header, contents -> (head: Data, contents: Tensor) in
            // A tensor's last field here is raw_data (9).
            let head = header.serialized() + ProtobufWriter.head(9, count: contents.byteCount)
            return (ProtobufWriter.head(5, count: head.count + contents.byteCount) + head, contents)
        }
        let length = constants.reduce(graph.count) { $0 + $1.head.count + $1.contents.byteCount }
        let file = try ReplacingFile(url)
        // The graph is field 7 of a model, initializers are fields 5 of a graph.
        try file.write(frame.bytes + ProtobufWriter.head(7, count: length) + graph)
        for (head, contents) in constants {
            try file.write(head)
            try file.write(contents)
        }
        try file.commit()
    }
}

/// A piece of this process's memory.
private struct Place: Hashable {
    let address: Int
    let bytes: Int

    init(_ address: Int, bytes: Int) { (self.address, self.bytes) = (address, bytes) }
}

extension TensorProto {
    /// Where in memory the contents are, if that is how they are given.
    fileprivate var place: Place? {
        let entries = Dictionary(externalData.map { ($0.key, $0.value) }) { first, _ in first }
        guard isExternal, entries["location"] == Self.memoryLocation else { return nil }
        guard let address = entries["offset"].flatMap({ Int($0) }), let bytes = entries["length"].flatMap({ Int($0) }) else { return nil }
        return Place(address, bytes: bytes)
    }
}

extension Tensor {
    fileprivate var byteCount: Int { count * MemoryLayout<Float>.stride }
}

/// A file that replaces another when it is complete.
private final class ReplacingFile {
    private let url, temporary: URL
    private let handle: FileHandle
    private(set) var count = 0
    private var isCommitted = false

    init(_ url: URL) throws {
        self.url = url
        temporary = url.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString.prefix(8)).part-\(url.lastPathComponent)")
        var status = stat()
        guard lstat(url.path, &status) != 0 || status.st_mode & S_IFMT != S_IFLNK else {
            throw ONNXFileError.unwritable(path: url.path, reason: "it is a symbolic link, which a file would replace")
        }
        let file = open(temporary.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw ONNXFileError.unwritable(path: url.path, reason: Self.reason()) }
        // What a process leaves that dies is told by its missing lock.
        _ = flock(file, LOCK_EX | LOCK_NB)
        handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    }

    deinit { if !isCommitted { unlink(temporary.path) } }

    func write(_ data: Data) throws { try data.withUnsafeBytes(write) }
    func write(_ tensor: Tensor) throws { try tensor.withUnsafeBuffer { try write(UnsafeRawBufferPointer($0)) } }

    /// Zeros up to a multiple of `alignment`.
    func align(_ alignment: Int) throws { try write(Data(count: (alignment - count % alignment) % alignment)) }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count, let start = bytes.baseAddress {
            let step = Foundation.write(handle.fileDescriptor, start + written, bytes.count - written)
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw ONNXFileError.unwritable(path: url.path, reason: Self.reason()) }
            written += step
        }
        count += bytes.count
    }

    func commit() throws {
        do {
            // Some file systems report a full disk only here.
            try handle.close()
        } catch {
            throw ONNXFileError.unwritable(path: url.path, reason: Self.reason())
        }
        guard rename(temporary.path, url.path) == 0 else { throw ONNXFileError.unwritable(path: url.path, reason: Self.reason()) }
        isCommitted = true
    }

    private static func reason() -> String { String(cString: strerror(errno)).lowercased() }
}
