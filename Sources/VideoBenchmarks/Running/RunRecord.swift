import Foundation
import Media
import Support

/// What one video's run was made from and came to; written when its masks are whole, and compared before it is done again.
public struct RunRecord: Sendable, Codable, Equatable {
    public var video: String
    /// Options, models' fingerprints, versions: everything that decides the masks.
    public var settings: [String: String]
    /// Of the video's files: names, sizes, times of change.
    public var data: String
    public var frames: Int
    public var objects: Int
    public var seconds: Double
    public var findings: [ScoringFinding]

    /// - Returns: nil where there is none, or one that cannot be read.
    static func read(_ path: String) -> RunRecord? {
        guard let data = try? InputFile.read(path, limit: 1 << 26) else { return nil }
        return try? JSONDecoder().decode(RunRecord.self, from: data)
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self), to: path)
    }
}

extension DatasetVideo {
    /// Changes when a file of the video is exchanged, added or removed: a hash (FNV-1a) of names, sizes and times of change.
    func dataFingerprint() -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
        }
        func addFile(_ path: String) {
            var status = stat()
            add(PathParts(path).name)
            guard stat(path, &status) == 0 else { return add("absent") }
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            add("\(status.st_size) \(time.tv_sec) \(time.tv_nsec)")
        }
        frames.forEach(addFile)
        for frame in annotations.frames {
            if case .perObject(let folders) = annotations.layout {
                for object in folders.keys.sorted() where annotations.framesOfObjects[object]?.contains(frame) == true {
                    add(folders[object] ?? "")
                    addFile(annotations.file(frame, object: object))
                }
            } else {
                addFile(annotations.file(frame))
            }
        }
        add(written.map(String.init).joined(separator: ","))
        return String(hash, radix: 16)
    }
}
