import Foundation

/// The arrays of an `.npz` file as `numpy.savez` writes it: a zip archive of `.npy` files, not compressed.
public struct NumpyArrays: Sendable {
    public let file: String
    private let files: [String: NumpyFile]

    public var names: [String] { files.keys.sorted() }

    /// - Throws: `TensorFileError` for a damaged archive, one that is compressed (`savez_compressed`), and arrays of Python objects.
    public init(url: URL) throws { try self.init(FileContents(url: url)) }

    /// - Parameter name: for messages.
    public init(data: Data, name: String) throws { try self.init(FileContents(data: data, name: name)) }

    private init(_ contents: FileContents) throws {
        file = contents.name
        let archive = try contents.data.withUnsafeBytes { try ZipArchive($0, file: contents.name) }
        var files: [String: NumpyFile] = [:]
        for record in archive.records where record.name.hasSuffix(".npy") {
            guard !record.isCompressed else {
                throw TensorFileError.malformed(
                    file: contents.name, reason: "its arrays are compressed; save them with numpy.savez, not savez_compressed")
            }
            let name = String(record.name.dropLast(4))
            files[name] = try NumpyFile(data: contents.data.subdata(in: record.bytes), name: "\(contents.name)/\(record.name)")
        }
        self.files = files
    }

    /// An array's shape; nil where there is none of that name.
    public func shape(of name: String) -> [Int]? { files[name]?.shape(of: NumpyFile.arrayName) }

    /// An array as floats, true as 1; nil where there is none of that name.
    /// - Throws: `TensorFileError`.
    public func tensor(_ name: String) throws -> Tensor? { try files[name].map { try $0.tensor(NumpyFile.arrayName) } }
}
