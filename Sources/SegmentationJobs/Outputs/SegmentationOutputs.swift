import Foundation
import Media
import Support

/// Where the results of a segmentation go; nil: not asked for.
package struct OutputDestinations: Sendable, Equatable {
    package var overlay: String?
    package var masks: String?
    package var rle: String?
    package var tracks: String?
    package var contactSheet: String?
    package var exports: [ExportDestination]
    /// A small picture of the frame with the least certain mask; of batches.
    package var leastSure: String?

    package init(
        overlay: String? = nil, masks: String? = nil, rle: String? = nil, tracks: String? = nil, contactSheet: String? = nil,
        exports: [ExportDestination] = [], leastSure: String? = nil
    ) {
        (self.overlay, self.masks, self.rle, self.tracks, self.contactSheet) = (overlay, masks, rle, tracks, contactSheet)
        (self.exports, self.leastSure) = (exports, leastSure)
    }

    package var paths: [String] { [overlay, masks, rle, tracks, contactSheet, leastSure].compactMap { $0 } + exports.map(\.path) }

    /// The outputs that are files, with the options that ask for them.
    private var files: [(path: String, option: String)] {
        [(overlay, "--overlay"), (rle, "--rle"), (tracks, "--tracks"), (contactSheet, "--contact-sheet")]
            .compactMap { path, option in path.map { ($0, option) } }
    }

    /// - Throws: `CommandError.usage` when there is none, or two are one file.
    package func validate() throws {
        guard !paths.isEmpty else {
            throw CommandError.usage(
                "No output is asked for. Give at least one of --overlay, --masks, --rle, --tracks, --contact-sheet, --export.")
        }
        var claims = FileClaims()
        try claim(in: &claims, maskNames: [])
    }

    /// - Parameters:
    ///   - claims: what is read is in it.
    ///   - maskNames: of the files in the folder of masks; nil for those of a live source, which are numbers.
    /// - Throws: `CommandError.usage` when an output would take the place of what is read, or of another output.
    package func claim(in claims: inout FileClaims, maskNames: [String]?) throws {
        for (path, option) in files { try claims.write(path, by: option) }
        for export in exports { try export.claim(in: &claims) }
        guard let masks else { return }
        if let maskNames {
            try claims.write(folder: masks, names: maskNames, by: "--masks")
        } else {
            let isNumber = { (name: String) in
                name.hasSuffix(".png") && name.count >= 9 && name.dropLast(4).allSatisfy { $0.isASCII && $0.isNumber }
            }
            try claims.write(folder: masks, namesLike: isNumber, by: "--masks")
        }
    }

    /// Finds paths that cannot be written before models are loaded.
    /// - Throws: `FileError.unwritable`; `CommandError.usage` for names that say something else than what is in the file.
    package func checkWritable() throws {
        let folder = try masks.map { try OutputFolder($0) }
        defer { folder?.removeIfEmpty() }
        for (path, _) in files { try OutputFile.check(path) }
        for export in exports { try export.checkWritable() }
        try OutputName.checkText(rle, form: "JSON", option: "--rle")
        try OutputName.checkText(tracks, form: "JSON", option: "--tracks")
        try OutputName.checkPNG(contactSheet, option: "--contact-sheet")
    }
}

/// All outputs of one segmentation: opened before the work, fed frame by frame, finished or abandoned together.
package actor SegmentationOutputs {
    private var outputs: OutputGroup<ReportedFrame>
    private(set) var frameCount = 0

    /// Why outputs could not be written.
    package var failures: [any Error] { outputs.failures }
    /// What a person should know of the finished outputs though nothing failed.
    package var notes: [String] { outputs.notes }

    /// Opens every output.
    /// - Parameter report: hears at once of an output that cannot be written any more while others go on.
    /// - Throws: `FileError.unwritable` for the first that cannot be made; the others are then removed again.
    package init(_ destinations: OutputDestinations, clip: OutputClip, report: @escaping @Sendable (any Error) -> Void = { _ in }) throws {
        var opened: [any JobOutput<ReportedFrame>] = []
        do {
            // First, since others may lie in this folder.
            if let path = destinations.masks { opened.append(try MaskFolderOutput(path: path)) }
            if let path = destinations.rle { opened.append(try RunLengthOutput(path: path, clip: clip)) }
            if let path = destinations.tracks { opened.append(try TracksOutput(path: path, clip: clip)) }
            if let path = destinations.contactSheet { opened.append(try ContactSheetOutput(path: path, clip: clip)) }
            for export in destinations.exports { opened.append(try FormatOutput(export, clip: clip)) }
            if let path = destinations.leastSure { opened.append(try LeastSureOutput(path: path, clip: clip)) }
            if let path = destinations.overlay { opened.append(try OverlayOutput(path: path, clip: clip)) }
        } catch {
            for output in opened.reversed() { output.abandon() }
            throw error
        }
        outputs = OutputGroup(opened, report: report)
    }

    /// - Throws: `FileError.unwritable` when no output is left, for example because the disk is full.
    package func append(_ frame: ReportedFrame) throws {
        try outputs.append(frame)
        frameCount += 1
    }

    /// Gives every output its final name. Without any frame nothing is written.
    /// - Returns: the paths that exist now.
    /// - Throws: `FileError.unwritable` when there is none.
    package func finish(isComplete: Bool) throws -> [String] {
        guard frameCount > 0 else {
            abandon()
            return []
        }
        return try outputs.finish(isComplete: isComplete)
    }

    /// Removes what is not finished.
    package func abandon() { outputs.abandon() }
}
