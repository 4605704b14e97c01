import Support

/// What a dataset calls a video: a name alone, which leads nowhere when it becomes part of a path. Every reader of a dataset makes its
/// names with it.
public struct VideoName: Sendable, Hashable, CustomStringConvertible {
    public let text: String
    public var description: String { text }

    /// Leaves room for what is put before and after it in names of files, which have at most 255 bytes.
    static let longest = 200

    /// - Parameter file: where the name is written, for the error.
    /// - Throws: `VideoNameError` for an empty name, one that begins with a full stop, one with a slash or a control character, and one of
    ///   more than 200 bytes.
    public init(_ text: String, in file: String) throws {
        // Bytes, not characters: an accent after a slash would hide it.
        let bytes = text.utf8
        let fault: String? =
            if bytes.isEmpty { "it is empty" } else if bytes.first == UInt8(ascii: ".") {
                "it begins with a full stop"
            } else if bytes.contains(UInt8(ascii: "/")) { "it holds a slash" } else if bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                "it holds a control character"
            } else if bytes.count > Self.longest { "it has more than \(Self.longest) bytes" } else { nil }
        if let fault { throw VideoNameError(name: text, file: file, reason: fault) }
        self.text = text
    }
}

/// A dataset calls a video what is no name.
public struct VideoNameError: DescribedError, Sendable, Equatable {
    public var name: String
    public var file: String
    public var reason: String

    public var description: String {
        let shown = name.count > 60 ? name.prefix(60) + "..." : name
        return "\(file): \"\(shown)\" is not the name of a video: \(reason). Names become parts of paths, and must not lead elsewhere."
    }
}

/// Where a list's file lies below a dataset's root.
struct DatasetPath {
    /// The names on the way, the file's own last.
    let parts: [String]

    /// - Parameters:
    ///   - text: a path whose parts are separated by slashes; one at the beginning, as in DAVIS's lists, means the root.
    ///   - file: the list, for the error.
    /// - Throws: `VideoNameError` for a path that climbs out of the root, or that holds no folder and file.
    init(_ text: String, in file: String) throws {
        let parts = text.utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "." }
        guard !parts.contains("..") else { throw VideoNameError(name: text, file: file, reason: "it leads out of the dataset's folder") }
        guard parts.count >= 2 else { throw VideoNameError(name: text, file: file, reason: "it is no file in a video's folder") }
        self.parts = parts
    }

    /// The name of the folder that the file is in.
    var folderName: String { parts[parts.count - 2] }
    var path: String { parts.joined(separator: "/") }
}
