import ExampleArguments
import Foundation
import SAMPTKit

/// From a click to a mask in every frame:
///
///     clicks-to-masks rabbit.mp4 640 360 masks
@main
struct ClicksToMasks {
    static func main() async throws {
        let arguments = ExampleArguments("VIDEO X Y FOLDER")
        let folder = URL(fileURLWithPath: arguments["FOLDER"])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for try await frame in try VideoSegmenter.builtIn().segment(arguments["VIDEO"], clicks: [arguments.click]) {
            let file = folder.appendingPathComponent(String(format: "%05d.png", frame.frameIndex))
            try ImageFile.writeIndexMask(frame.indexMask, to: file.path)
            print(frame.frameIndex, "\(frame.objects[0].mask.area) pixels")
        }
    }
}
