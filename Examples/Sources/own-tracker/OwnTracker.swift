import Foundation
import SAMPTKit

/// The built-in segmenter, prompted by a tracker of one's own:
///
///     own-tracker rabbit.mp4 640 360 overlay.mp4
@main
struct OwnTracker {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let x = Float(arguments[2]), let y = Float(arguments[3]) else {
            print("usage: own-tracker VIDEO X Y OVERLAY.mp4")
            exit(64)
        }
        let engine = try OpenVINOEngine()
        let encoder = try NanoFrameEncoder(engine: engine)
        let segmenter = VideoSegmenter(segmenter: try NanoPrompt(engine: engine, encoder: encoder), tracker: BlockMatchingTracker())
        let video = try openFrames(arguments[1])
        let overlay = try VideoWriter(path: arguments[4], size: video.size, timeBase: video.timing.timeBase)
        for try await frame in segmenter.segment(video, objects: [ObjectQuery(id: 1, prompt: .points([.positive(x, y)]))]) {
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
