import ExampleArguments
import SAMPTKit

/// The built-in segmenter, prompted by a tracker of one's own:
///
///     own-tracker rabbit.mp4 640 360 overlay.mp4
@main
struct OwnTracker {
    static func main() async throws {
        let arguments = ExampleArguments("VIDEO X Y OVERLAY.mp4")
        let engine = try OpenVINOEngine()
        let encoder = try NanoFrameEncoder(engine: engine)
        let segmenter = VideoSegmenter(segmenter: try NanoPrompt(engine: engine, encoder: encoder), tracker: BlockMatchingTracker())
        let video = try openFrames(arguments["VIDEO"])
        let overlay = try VideoWriter(path: arguments["OVERLAY.mp4"], size: video.size, timeBase: video.timing.timeBase)
        for try await frame in segmenter.segment(video, objects: [ObjectQuery(id: 1, prompt: .points([arguments.click]))]) {
            let objects = frame.objects.map { object in
                OverlayObject(
                    name: "object \(object.id)", mask: object.mask,
                    points: object.points.map { OverlayPoint(position: $0.position, isPositive: $0.isPositive, isVisible: $0.isVisible) })
            }
            let picture = OverlayRenderer().draw(objects, on: frame.image, frameIndex: frame.frameIndex)
            try overlay.append(picture, timestamp: video.timing.timestamps[frame.frameIndex])
        }
        try overlay.finish()
    }
}
