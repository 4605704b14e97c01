import Foundation

/// Names of files and folders made of what comes from outside: videos' names, pictures' names. Nothing that leads elsewhere gets through.
enum FileNames {
    /// Whether it names something in a folder, and neither the folder itself nor something outside.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && name.utf8.first != UInt8(ascii: ".")
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 32 || $0 == 127 }
    }

    /// The last part of a path without its extension; nil where that is no name.
    static func stem(ofPath path: String) -> String? {
        let slash = UInt8(ascii: "/")
        let bytes = path.utf8.split(separator: slash, omittingEmptySubsequences: true).last.map(Array.init) ?? []
        var end = bytes.endIndex
        if let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot > 0 { end = dot }
        let name = String(decoding: bytes[..<end], as: UTF8.self)
        return isName(name) ? name : nil
    }

    /// The name of a frame's files without extension: its own, or its number in five digits.
    static func stem(of frame: MaskFrame) -> String {
        if let stem = frame.stem, isName(stem) { return stem }
        return padded(frame.number)
    }

    /// A number in five digits or more.
    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// A video's name as a file's name: without what stands for a container.
    static func sequence(of clip: MaskClip) -> String { stem(ofPath: clip.name) ?? "video" }

    /// The number that a frame's name is; nil for other names.
    static func number(_ stem: some StringProtocol) -> Int? {
        guard !stem.isEmpty, stem.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(stem),
            number <= MaskFormat.largestNumber
        else { return nil }
        return number
    }

    /// The frames' numbers by their names, in the order of the names: what the names say where all are numbers and differ, otherwise places
    /// in the order.
    static func numbers(_ stems: [String?]) -> [Int] {
        let said = stems.compactMap { $0.flatMap { number($0) } }
        if said.count == stems.count, zip(said, said.dropFirst()).allSatisfy({ $0 < $1 }) { return said }
        return Array(stems.indices)
    }
}
