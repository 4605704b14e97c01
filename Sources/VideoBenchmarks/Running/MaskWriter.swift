import Media
import SAMPT
import Support

/// Writes a video's masks as its data set's server takes them.
struct MaskWriter {
    let folder: PartFolder
    let form: SubmissionForm
    let video: DatasetVideo
    let objects: [DatasetObject]
    private let wanted: Set<Int>

    /// - Throws: `FileError.unwritable`.
    init(_ video: DatasetVideo, objects: [DatasetObject], form: SubmissionForm, to target: String) throws {
        (self.video, self.objects, self.form) = (video, objects, form)
        wanted = Set(video.written)
        _ = try OutputFolder(PathParts(target).folder)
        folder = try PartFolder(for: target, replacesContents: true)
        if form.isPerObject { for object in objects { try folder.makeFolder([object.label]) } }
    }

    /// - Throws: `FileError.unwritable`.
    func write(_ result: FrameResult) throws {
        guard wanted.contains(result.frameIndex) else { return }
        let name = video.frameNames[result.frameIndex]
        let size = video.maskSize ?? result.image.size
        guard form.isPerObject else {
            return try ImageFile.writeIndexMask(result.indexMask.sampled(at: size), to: "\(folder.path)/\(name).png")
        }
        for (place, object) in objects.enumerated() {
            let id = form.queryID(of: object, at: place)
            let mask = result.objects.first { $0.id == id }?.mask ?? Mask(size: result.image.size)
            try ImageFile.writeMask(mask.sampled(at: size), to: "\(folder.path)/\(object.label)/\(name).png")
        }
    }
}
