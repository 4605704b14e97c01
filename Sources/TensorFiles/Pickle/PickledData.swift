import Foundation

/// A pickle that holds data of another kind than a checkpoint: dictionaries, lists, arrays, bytes.
///
/// It is read like checkpoints: as data, names of classes only from a list of known ones, nothing is executed. The file stays mapped;
/// arrays and bytes are read when somebody asks for them.
package struct PickledData: Sendable {
    private let file: Storage

    /// What the nodes point into.
    fileprivate final class Storage: Sendable {
        let contents: FileContents
        let heap: PickleHeap
        let root: PickleValue

        init(_ contents: FileContents) throws {
            (heap, root) = try contents.data.withUnsafeBytes { bytes in
                guard !bytes.isEmpty else { throw TensorFileError.malformed(file: contents.name, reason: "it is empty") }
                var reader = PickleReader(bytes, in: 0..<bytes.count, file: contents.name)
                let root = try reader.run()
                return (reader.heap, root)
            }
            self.contents = contents
        }
    }

    /// - Throws: `TensorFileError`.
    package init(url: URL) throws { file = try Storage(FileContents(url: url)) }

    /// - Parameter name: for messages.
    package init(data: Data, name: String) throws { file = try Storage(FileContents(data: data, name: name)) }

    package var root: Node { Node(file: file, value: file.root) }

    /// Gives back the memory of pages that were read from the file.
    package func dropPages() {
        if file.contents.url != nil { file.contents.data.dropMappedPages() }
    }

    /// A value in the pickle.
    package struct Node: Sendable {
        fileprivate let file: Storage
        fileprivate let value: PickleValue

        private func node(_ value: PickleValue) -> Node { Node(file: file, value: value) }

        /// The text of a string; nil for other values and for absurdly long text.
        package var string: String? {
            guard case .string(let range) = value, range.count <= 1 << 16 else { return nil }
            return String(bytes: file.contents.data[range], encoding: .utf8)
        }

        /// The entries of a dictionary whose keys are text, in order; nil for other values.
        package var entries: [(key: String, value: Node)]? {
            guard case .dict(let dict) = value else { return nil }
            return file.heap.dicts[dict].compactMap { key, value in node(key).string.map { ($0, node(value)) } }
        }

        /// The value of a key of a dictionary; the last one where there are several, as in Python.
        package subscript(key: String) -> Node? { entries?.last { $0.key == key }?.value }

        /// The elements of a list, a tuple or a one-dimensional array of objects; nil for other values.
        package var elements: [Node]? {
            switch value {
            case .list(let list): return file.heap.lists[list].map(node)
            case .tuple(let range): return file.heap.items[range].map(node)
            case .array(let index):
                let array = file.heap.arrays[index]
                guard let type = array.type, file.heap.numpyTypes[type].isObject, let shape = array.shape, shape.count == 1,
                    case .list(let list) = array.data
                else { return nil }
                return file.heap.lists[list].map(node)
            default: return nil
            }
        }

        /// A bytes object's contents, not copied; nil for other values.
        package var bytes: Data? {
            switch value {
            case .bytes(let range): file.contents.data[range]
            case .latin1(let range): Latin1.bytes(of: file.contents.data, range)
            default: nil
            }
        }

        /// An array of numbers; nil for other values and other arrays.
        /// - Parameter name: for messages.
        package func array(named name: String) throws -> PickledArray? {
            guard case .array(let index) = value, let type = file.heap.arrays[index].type else { return nil }
            let numpyType = file.heap.numpyTypes[type]
            guard !numpyType.isObject, numpyType.stringLength == nil else { return nil }
            let stored = try file.contents.data.withUnsafeBytes { bytes in
                try storedArray(file.heap.arrays[index], heap: file.heap, bytes: bytes, name: name, file: file.contents.name)
            }
            return PickledArray(file: file, stored: stored)
        }

        /// The elements of a one-dimensional numpy array of byte strings (type S), without the zeros they are filled up with, not copied
        /// where they lie in the file as they are; nil for other values.
        package var byteStrings: [Data]? {
            guard case .array(let index) = value else { return nil }
            let array = file.heap.arrays[index]
            guard let type = array.type, let length = file.heap.numpyTypes[type].stringLength, length > 0, let shapeItems = array.shape,
                let shape = file.heap.integers(shapeItems), shape.count == 1, let bytes = node(array.data).bytes
            else { return nil }
            let (total, overflow) = shape[0].multipliedReportingOverflow(by: length)
            guard !overflow, shape[0] >= 0, total == bytes.count else { return nil }
            return (0..<shape[0]).map { i in
                let start = bytes.startIndex + i * length
                let end = bytes[start..<(start + length)].lastIndex { $0 != 0 }.map { $0 + 1 } ?? start
                return bytes[start..<end]
            }
        }
    }
}

/// An array of numbers in a pickle.
package struct PickledArray: Sendable {
    fileprivate let file: PickledData.Storage
    fileprivate let stored: StoredTensor

    package var shape: [Int] { stored.shape }
    package var type: TensorElementType { stored.type }

    /// The elements in their own type, row-major, little-endian; not copied where the file has them so.
    package func bytes() throws -> Data { try stored.bytes(in: file.contents.data) }

    /// The elements as numbers of 64 bits.
    package func doubles() throws -> [Double] {
        guard stored.type == .float64 else { return try stored.floats(in: file.contents.data).withUnsafeBuffer { $0.map(Double.init) } }
        return try bytes().withUnsafeBytes { bytes in
            (0..<stored.count).map {
                Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
            }
        }
    }
}
