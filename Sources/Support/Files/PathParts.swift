/// A path's folder and last name, byte for byte: Foundation's URLs change what they cannot express, and Swift's characters join a slash
/// with an accent that follows it.
public struct PathParts: Sendable {
    /// "." where the path is a name alone.
    public var folder: String
    /// Without slashes; that of the root is empty.
    public var name: String

    public init(_ path: String) {
        let slash = UInt8(ascii: "/")
        var bytes = Array(path.utf8)
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        let end = bytes.lastIndex(of: slash)
        name = String(decoding: bytes[(end.map { $0 + 1 } ?? 0)...], as: UTF8.self)
        switch end {
        case nil: folder = "."
        case 0: folder = "/"
        case let end?: folder = String(decoding: bytes[..<end], as: UTF8.self)
        }
    }
}
