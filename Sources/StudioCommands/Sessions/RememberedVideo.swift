import Media
import ProjectFile
import Support

/// A project's video as the project remembers it, for those who look at no frame: it need not be there.
struct RememberedVideo: FrameSource {
    let size: ImageSize
    let frameCount: Int
    let timing: VideoTiming
    let name: String
    private let project: String

    init(_ video: ProjectVideo, project: String) {
        size = ImageSize(width: video.width, height: video.height)
        (frameCount, timing) = (video.frameCount, VideoTiming(constantRate: 25, count: max(0, min(video.frameCount, 1 << 24))))
        (name, self.project) = (PathParts(video.path).name, project)
    }

    func frame(at index: Int) throws -> RGBImage { throw ProjectFileError.videoMissing(path: project, video: name) }
}
