import Foundation
import Media

/// Where the results of a segmentation go; nil: not asked for.
struct OutputDestinations: Sendable, Equatable {
    var overlay: String?
    var masks: String?
    var rle: String?
    var tracks: String?
    var contactSheet: String?

    var paths: [String] { [overlay, masks, rle, tracks, contactSheet].compactMap { $0 } }

    /// - Throws: `CommandError.usage` when there is none, or two are one path.
    func validate() throws {
        guard !paths.isEmpty else {
            throw CommandError.usage("No output is asked for. Give at least one of --overlay, --masks, --rle, --tracks, --contact-sheet.")
        }
        var seen = Set<String>()
        for path in paths {
            guard seen.insert(URL(fileURLWithPath: path).standardizedFileURL.path).inserted else {
                throw CommandError.usage("\(path): is given for two outputs.")
            }
        }
    }
}

/// All outputs of one segmentation: opened before the work, fed frame by frame, finished or abandoned together.
actor SegmentationOutputs {
    private let outputs: [any FrameOutput]
    private(set) var frameCount = 0

    /// Opens every output.
    /// - Throws: `MediaError.unwritable` for the first that cannot be made; the others are then removed again.
    init(_ destinations: OutputDestinations, clip: OutputClip) throws {
        var opened: [any FrameOutput] = []
        do {
            if let path = destinations.rle { opened.append(try RunLengthOutput(path: path, clip: clip)) }
            if let path = destinations.tracks { opened.append(try TracksOutput(path: path, clip: clip)) }
            if let path = destinations.contactSheet { opened.append(try ContactSheetOutput(path: path, clip: clip)) }
            if let path = destinations.masks { opened.append(try MaskFolderOutput(path: path)) }
            if let path = destinations.overlay { opened.append(try OverlayOutput(path: path, clip: clip)) }
        } catch {
            for output in opened { output.abandon() }
            throw error
        }
        outputs = opened
    }

    /// - Throws: `MediaError.unwritable`, for example when the disk is full.
    func append(_ frame: ReportedFrame) throws {
        for output in outputs { try output.append(frame) }
        frameCount += 1
    }

    /// What a person should know of the outputs though nothing failed.
    var notes: [String] { outputs.compactMap(\.note) }

    /// Gives every output its final name. Without any frame nothing is written.
    /// - Returns: the paths that exist now.
    func finish(isComplete: Bool) throws -> [String] {
        guard frameCount > 0 else {
            abandon()
            return []
        }
        var firstError: (any Error)?
        var written: [String] = []
        for output in outputs {
            do {
                try output.finish(isComplete: isComplete)
                written.append(output.path)
            } catch {
                firstError = firstError ?? error
            }
        }
        if let firstError { throw firstError }
        return written
    }

    /// Removes what is not finished.
    func abandon() {
        for output in outputs { output.abandon() }
    }
}
