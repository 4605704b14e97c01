import Annotator
import Foundation
import MaskFormats
import Media
import SAMPT
import SamptCommands
import SegmentationJobs
import Support

extension OpenProject {
    /// As the annotator takes it.
    /// - Parameter pictures: a reader of the same video, for looking.
    func forAnnotator(pictures: any FrameSource) -> AnnotatorProject {
        AnnotatorProject(
            session: session, pictures: pictures, videoPath: URL(fileURLWithPath: videoPath).path,
            videoKey: file.details.video.fingerprint.digest,
            segmenterName: file.details.models.segmenter,
            trackerName: file.details.models.tracker, missingModels: missingModels, version: ProgramVersion.current,
            formats: MaskFormat.allCases.map(AnnotatorFormat.init), export: { try await export($0, to: $1, progress: $2) },
            importMasks: { try Self.readMasks($0, format: $1, $2) })
    }

    /// Whether there is a folder at a path, or at the end of a link.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The same job as the command line's: the same bytes.
    private func export(_ format: String, to path: String, progress: @escaping @Sendable (Int, Int) -> Void) async throws {
        let destinations = OutputDestinations(exports: [try ExportDestination("\(format):\(path)")])
        try destinations.validate()
        var claims = try FileClaims(clip: clip, preset: nil)
        claims.read(self.path, as: "the project")
        try destinations.claim(in: &claims, maskNames: [])
        try destinations.checkWritable()
        let objects = session.state.objects
        guard !objects.isEmpty else { throw CommandError.invalidInput("There are no objects yet. Mark one first.") }
        let job = SegmentationJob(
            results: SessionFrames.results(of: self, onFrame: progress), clip: clip,
            queries: objects.map { ObjectQuery(id: $0.id, name: $0.name, frame: $0.queryFrame ?? 0, prompt: .points([])) },
            destinations: destinations)
        let interruption = Interruption()
        let summary = try await withTaskCancellationHandler {
            try await job.run(interruption: interruption, progress: ProgressReporter(isQuiet: true))
        } onCancel: {
            interruption.request()
        }
        if let failure = summary.failures.first { throw CommandError.invalidInput(failure) }
        if summary.exitStatus == .interrupted { throw CancellationError() }
    }

    /// - Parameter format: nil: by what the file is.
    private static func readMasks(_ path: String, format: String?, _ take: (ImportedMask) throws -> Void) throws {
        let reader = try reader(path, format: format)
        for position in 0..<reader.frameCount {
            try Cancellation.check()
            let frame = try reader.frame(at: position)
            for object in frame.objects where object.mask.area > 0 {
                let about = object.object
                try take(
                    ImportedMask(
                        object: about.id, name: about.name,
                        category: about.category == AnnotatedObject.defaultCategory ? nil : about.category, frame: frame.number,
                        mask: object.mask))
            }
        }
    }

    /// Without a format's name, that of the first format which reads it: those are told apart by their first bytes and keys.
    private static func reader(_ path: String, format: String?) throws -> MaskReader {
        if let format { return try MaskFormat(name: format).reader(at: path) }
        var first: (any Error)?
        for format in MaskFormat.readable where format.description.form.isFolder == isFolder(path) {
            do { return try format.reader(at: path) } catch { first = first ?? error }
        }
        throw first ?? FileError.notFound(path: path)
    }
}

extension AnnotatorFormat {
    init(_ format: MaskFormat) {
        let about = format.description
        self.init(
            name: format.name, title: about.title, isFolder: about.form.isFolder,
            fileExtension: about.form.usualExtension.map { "." + $0 } ?? "", loses: about.loses, isReadable: about.isReadable)
    }
}

extension MaskFormatDescription.Form {
    fileprivate var isFolder: Bool { self == .folder }

    fileprivate var usualExtension: String? {
        if case .file(let extensions) = self { extensions.first } else { nil }
    }
}
