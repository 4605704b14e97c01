import Media
import SAMPT

/// What an annotator shows and changes: a session, its video's pictures, and how masks leave and come in.
public struct AnnotatorProject: Sendable {
    public var session: AnnotationSession
    /// A reader of the same video for looking, which does not wait for the one that masks are computed from.
    public var pictures: any FrameSource
    /// Where the video is, for people.
    public var videoPath: String
    /// What tells the video from others, by its contents.
    public var videoKey: String
    public var segmenterName: String
    public var trackerName: String
    /// Why nothing can be computed; nil: it can.
    public var missingModels: String?
    public var version: String
    public var formats: [AnnotatorFormat]
    /// Writes all masks: the format's name, a path, and who is told how many of how many frames are done.
    public var export: @Sendable (String, String, @escaping @Sendable (Int, Int) -> Void) async throws -> Void
    /// Reads masks: a file and the format's name (nil: by what the file is). Blocks. Calls back with each mask.
    public var importMasks: @Sendable (String, String?, (ImportedMask) throws -> Void) throws -> Void

    public init(
        session: AnnotationSession, pictures: any FrameSource, videoPath: String, videoKey: String, segmenterName: String,
        trackerName: String,
        missingModels: String?, version: String, formats: [AnnotatorFormat],
        export: @escaping @Sendable (String, String, @escaping @Sendable (Int, Int) -> Void) async throws -> Void,
        importMasks: @escaping @Sendable (String, String?, (ImportedMask) throws -> Void) throws -> Void
    ) {
        (self.session, self.pictures, self.videoPath, self.videoKey) = (session, pictures, videoPath, videoKey)
        (self.segmenterName, self.trackerName, self.missingModels) = (segmenterName, trackerName, missingModels)
        (self.version, self.formats, self.export, self.importMasks) = (version, formats, export, importMasks)
    }
}

/// A format of masks, as the page lists it.
public struct AnnotatorFormat: Sendable {
    public var name: String
    public var title: String
    public var isFolder: Bool
    /// With the dot; empty for folders.
    public var fileExtension: String
    public var loses: String
    public var isReadable: Bool

    public init(name: String, title: String, isFolder: Bool, fileExtension: String, loses: String, isReadable: Bool) {
        (self.name, self.title, self.isFolder) = (name, title, isFolder)
        (self.fileExtension, self.loses, self.isReadable) = (fileExtension, loses, isReadable)
    }
}

/// A mask of a file that is taken as a start.
public struct ImportedMask: Sendable {
    /// As the file numbers them.
    public var object: Int
    public var name: String?
    public var category: String?
    public var frame: Int
    public var mask: RunLengthMask

    public init(object: Int, name: String?, category: String?, frame: Int, mask: RunLengthMask) {
        (self.object, self.name, self.category, self.frame, self.mask) = (object, name, category, frame, mask)
    }
}
