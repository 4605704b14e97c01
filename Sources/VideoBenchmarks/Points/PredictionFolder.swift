import Foundation
import Media
import Support

/// A folder with the predictions of each video: `<video>.npz`, of a dataset in several files `<file>/<video>.npz`.
public struct PredictionFolder: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// The name of a video's file, below the folder.
    public static func fileName(of video: String) -> String { video + ".npz" }

    /// Whether the video's predictions are there.
    public func holds(_ video: String) -> Bool {
        guard let file = try? file(of: video) else { return false }
        return FileManager.default.fileExists(atPath: file.path)
    }

    /// Writes a video's predictions, whole or not at all.
    /// - Throws: `VideoNameError`, `FileError.unwritable`.
    public func write(_ predictions: PointPredictions, of video: String) throws {
        let file = try file(of: video)
        let data: [UInt8]
        do {
            data = try predictions.npz()
        } catch is NumpyArchive.TooLarge {
            throw FileError.unwritable(path: file.path, reason: "its arrays are larger than a file of 4 GB")
        }
        let folder = file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw FileError.unwritable(path: folder.path, reason: AtomicFile.reason(error))
        }
        try AtomicFile.write(Data(data), to: file.path)
    }

    private func file(of video: String) throws -> URL {
        let names = try video.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            try VideoName(String(decoding: $0, as: UTF8.self), in: path)
        }
        let folder = names.dropLast().reduce(URL(fileURLWithPath: path, isDirectory: true)) { $0.appendingPathComponent($1.text) }
        return folder.appendingPathComponent(Self.fileName(of: names.last?.text ?? ""))
    }
}
