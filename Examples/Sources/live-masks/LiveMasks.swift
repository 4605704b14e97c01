import ExampleArguments
import SAMPTKit

/// Masks of a live source, as it comes; frames that cannot be followed are dropped:
///
///     ffmpeg -f v4l2 -i /dev/video0 -f yuv4mpegpipe - | live-masks 320 240
@main
struct LiveMasks {
    static func main() async throws {
        let object = ObjectQuery(id: 1, prompt: .points([ExampleArguments("X Y").click]))
        let segmenter = try VideoSegmenter.builtIn()
        let camera = LiveFrames(try openLive("-"))
        // Compiled before the first frame is taken, not while frames wait.
        try await segmenter.warmUp(size: camera.size, objects: 1)
        for try await result in segmenter.segmentLive(camera, objects: [object]) {
            let milliseconds = Int(result.latency / .milliseconds(1))
            print("frame \(result.captureNumber): \(result.frame.objects[0].mask.area) pixels, \(milliseconds) ms after it came")
        }
    }
}
