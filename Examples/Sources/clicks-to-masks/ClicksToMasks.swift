import Foundation
import SAMPTKit

/// From a click to a mask in every frame:
///
///     clicks-to-masks rabbit.mp4 640 360 masks
@main
struct ClicksToMasks {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5, let x = Float(arguments[2]), let y = Float(arguments[3]) else {
            print("usage: clicks-to-masks VIDEO X Y FOLDER")
            exit(64)
        }
        let folder = URL(fileURLWithPath: arguments[4])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for try await frame in try VideoSegmenter.builtIn().segment(arguments[1], clicks: [.positive(x, y)]) {
            let file = folder.appendingPathComponent(String(format: "%05d.png", frame.frameIndex))
            try ImageFile.writeIndexMask(frame.indexMask, to: file.path)
            print(frame.frameIndex, "\(frame.objects[0].mask.area) pixels")
        }
    }
}
