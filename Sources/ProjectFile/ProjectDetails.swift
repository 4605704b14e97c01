import Foundation
import Media
import Support

/// What a project was made from. Everything else is in its log.
public struct ProjectDetails: Sendable, Codable, Equatable {
    public var video: ProjectVideo
    public var models: ProjectModels
    /// The program that made the project, for people.
    public var program: String

    public init(video: ProjectVideo, models: ProjectModels, program: String) {
        (self.video, self.models, self.program) = (video, models, program)
    }
}

/// The video of a project, all of it: where it was last, and what it is known by.
public struct ProjectVideo: Sendable, Codable, Equatable {
    /// Absolute.
    public var path: String
    /// From the project's folder, so that both can be moved together; nil where they have no folder in common.
    public var relativePath: String?
    public var fingerprint: VideoFingerprint
    public var frameCount: Int
    /// Of a frame, in pixels.
    public var width: Int
    public var height: Int

    /// - Parameter project: the project's path.
    public init(path: String, project: String, fingerprint: VideoFingerprint, frameCount: Int, size: ImageSize) {
        (self.path, self.fingerprint, self.frameCount, width, height) = (path, fingerprint, frameCount, size.width, size.height)
        move(to: path, project: project)
    }

    /// Notes where the video is now.
    public mutating func move(to path: String, project: String) {
        self.path = Self.absolute(path)
        let folder = Self.absolute(PathParts(Self.absolute(project)).folder)
        let parts = (Self.absolute(path).split(separator: "/"), folder.split(separator: "/"))
        let shared = zip(parts.0, parts.1).prefix { $0 == $1 }.count
        let steps = Array(repeating: "..", count: parts.1.count - shared) + parts.0.dropFirst(shared).map(String.init)
        relativePath = shared > 0 || parts.1.isEmpty ? steps.joined(separator: "/") : nil
    }

    /// Where the video may be, the likeliest first: as seen from the project, then where it was.
    public func places(project: String) -> [String] {
        let folder = PathParts(Self.absolute(project)).folder
        let beside = relativePath.map { (folder == "/" ? "" : folder) + "/" + $0 }
        return [beside, path].compactMap { $0 }
    }

    private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }
}

/// The models of a project and how they run, by name: whoever opens it makes them.
public struct ProjectModels: Sendable, Codable, Equatable {
    public var segmenter: String
    public var tracker: String
    /// Of their weights.
    public var fingerprints: [String]
    /// Every setting of the method by its key, as `sampt presets show` writes them.
    public var settings: [String: String]
    /// The arithmetic of their networks, and of parts that have one of their own.
    public var precision: String
    public var partPrecisions: [String: String]
    /// Of an HQ-SAM segmenter, its own mask without SAM's added.
    public var hqTokenOnly: Bool

    public init(
        segmenter: String, tracker: String, fingerprints: [String], settings: [String: String], precision: String = "automatic",
        partPrecisions: [String: String] = [:], hqTokenOnly: Bool = false
    ) {
        (self.segmenter, self.tracker, self.fingerprints, self.settings) = (segmenter, tracker, fingerprints, settings)
        (self.precision, self.partPrecisions, self.hqTokenOnly) = (precision, partPrecisions, hqTokenOnly)
    }
}
