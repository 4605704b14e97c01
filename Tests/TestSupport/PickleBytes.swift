import Foundation

/// Pieces of pickles, for tests that make their own files: each function gives the bytes that push one value.
public enum PickleBytes {
    public static func string(_ text: String) -> [UInt8] { [0x58] + little(UInt32(text.utf8.count)) + Array(text.utf8) }
    public static func bytes(_ bytes: [UInt8]) -> [UInt8] { [0x42] + little(UInt32(bytes.count)) + bytes }
    public static func int(_ value: Int) -> [UInt8] { [0x8a, 8] + little(UInt64(bitPattern: Int64(value))) }
    public static func bool(_ value: Bool) -> [UInt8] { [value ? 0x88 : 0x89] }
    public static let none: [UInt8] = [0x4e]
    public static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.joined() + [0x74] }
    public static func list(_ items: [[UInt8]]) -> [UInt8] { [0x5d, 0x28] + items.joined() + [0x65] }
    public static func dict(_ pairs: [(key: [UInt8], value: [UInt8])]) -> [UInt8] {
        [0x7d, 0x28] + pairs.flatMap { $0.key + $0.value } + [0x75]
    }
    public static func dict(_ pairs: [(name: String, value: [UInt8])]) -> [UInt8] { dict(pairs.map { (string($0.name), $0.value) }) }
    public static func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
    public static func call(_ function: [UInt8], _ arguments: [[UInt8]]) -> [UInt8] { function + tuple(arguments) + [0x52] }
    /// A whole pickle.
    public static func pickle(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + [0x2e] }

    /// A PyTorch storage by its persistent id; `view` is the last entry that old files have.
    public static func storage(_ type: String, key: String, count: Int, view: [UInt8]? = nil) -> [UInt8] {
        tuple([string("storage"), global("torch", type), string(key), string("cpu"), int(count)] + (view.map { [$0] } ?? [])) + [0x51]
    }

    /// A PyTorch tensor.
    public static func tensor(_ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
        call(
            global("torch._utils", "_rebuild_tensor_v2"),
            [
                storage, int(offset), tuple(shape.map(int)), tuple(strides.map(int)), bool(false),
                call(global("collections", "OrderedDict"), []),
            ])
    }

    static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}
