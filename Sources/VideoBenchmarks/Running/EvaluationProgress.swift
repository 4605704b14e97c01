/// How far an evaluation is, in frames of all videos and settings that run together.
public struct EvaluationProgress: Sendable {
    public var video: String
    public var videosDone: Int
    public var videos: Int
    /// Those that were there already and those of videos that failed are among them.
    public var framesDone: Int
    public var frames: Int
    /// Segmented in this process.
    public var framesMade: Int
}
