import Foundation
import Support

/// Changes when a file is exchanged, added or removed: a hash (FNV-1a) of names, sizes and times of change.
struct DataFingerprint {
    private var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// Whether every file was there.
    private(set) var isComplete = true

    var text: String { String(hash, radix: 16) }

    mutating func add(_ text: String) {
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
    }

    mutating func addFile(_ path: String) {
        var status = stat()
        add(PathParts(path).name)
        guard stat(path, &status) == 0 else {
            isComplete = false
            return add("absent")
        }
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        add("\(status.st_size) \(time.tv_sec) \(time.tv_nsec)")
    }
}

extension DatasetVideo {
    /// Of the video's files, and of what becomes an object in them.
    func dataFingerprint() -> DataFingerprint {
        var fingerprint = DataFingerprint()
        for frame in frames { fingerprint.addFile(frame) }
        if let maskSize { fingerprint.add("masks of \(maskSize)") }
        for frame in annotations.frames {
            if case .perObject(let folders) = annotations.layout {
                for object in folders.keys.sorted() where annotations.framesOfObjects[object]?.contains(frame) == true {
                    fingerprint.add(folders[object] ?? "")
                    fingerprint.addFile(annotations.file(frame, object: object))
                }
            } else {
                fingerprint.addFile(annotations.file(frame))
            }
        }
        fingerprint.add(written.map(String.init).joined(separator: ","))
        fingerprint.add("\(rule)")
        return fingerprint
    }
}

extension VideoDataset {
    /// Of a video as this data set reads it, and of the form in which its masks are written: the same folders may be read as another one.
    func dataFingerprint(of video: DatasetVideo) -> DataFingerprint {
        var fingerprint = video.dataFingerprint()
        for text in [name, submission.folder, "\(submission.isPerObject)"] { fingerprint.add(text) }
        return fingerprint
    }
}
