import Foundation
import Media
import Support
import VideoBenchmarks

/// Writes a report in the forms that are asked for.
struct ReportFiles {
    var report: EvaluationReport
    var frames: DatasetFrames?

    /// - Throws: `FileError.unwritable`.
    func write(html: String? = nil, json: String? = nil, csv: String? = nil, markdown: String? = nil) throws {
        if let json { try AtomicFile.write(report.json(), to: json) }
        if let csv { try AtomicFile.write(Data(report.csv.utf8), to: csv) }
        if let markdown { try AtomicFile.write(Data(report.markdown.utf8), to: markdown) }
        if let html {
            let page = try report.html { sequence, name in frames?.frame(sequence, name) }
            try AtomicFile.write(Data(page.utf8), to: html)
        }
    }
}

/// A data set's pictures by sequence and name.
struct DatasetFrames: Sendable {
    private let paths: [String: [String: String]]

    init(_ dataset: VideoDataset) {
        paths = Dictionary(
            dataset.videos.map { video in
                (video.name.text, Dictionary(zip(video.frameNames, video.frames), uniquingKeysWith: { first, _ in first }))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// A folder of sequences' folders of pictures.
    init(folder: String) throws {
        var paths: [String: [String: String]] = [:]
        for name in try FolderListing.folders(folder) {
            for file in try FolderListing.names(folder + "/" + name, pathExtensions: ["jpg", "jpeg", "png"]) {
                paths[name, default: [:]][(file as NSString).deletingPathExtension] = "\(folder)/\(name)/\(file)"
            }
        }
        self.paths = paths
    }

    func frame(_ sequence: String, _ name: String) -> RGBImage? { paths[sequence]?[name].flatMap { try? ImageFile.readRGB($0) } }
}
