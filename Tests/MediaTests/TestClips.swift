import CFFmpeg
import Foundation

@testable import Media

/// Clips whose frames say which frame they are: a row of eight black or white blocks counts in binary.
enum TestClips {
    static func picture(_ index: Int, width: Int = 160, height: Int = 96) -> RGBImage {
        var image = RGBImage(width: width, height: height, red: 60, green: 110, blue: 160)
        for bit in 0..<8 {
            let level: UInt8 = index >> bit & 1 == 1 ? 235 : 20
            for y in 8..<24 { for x in (8 + bit * 18)..<(8 + bit * 18 + 14) where x < width { image[x, y] = (level, level, level) } }
        }
        // Something that moves, so that frames depend on each other.
        for y in 40..<60 { for x in 0..<20 { image[(x + 3 * index) % width, y] = (UInt8(y * 4), UInt8(x * 10), 90) } }
        return image
    }

    /// The frame number that a picture shows.
    static func number(in image: RGBImage) -> Int {
        (0..<8).reduce(0) { $0 | (image[8 + $1 * 18 + 7, 16].green > 128 ? 1 << $1 : 0) }
    }

    static func write(
        _ path: String, count: Int, width: Int = 160, height: Int = 96, timestamps: (Int) -> Int64 = { Int64($0) },
        settings: VideoWriter.EncoderSettings = .h264
    ) throws {
        let writer = try VideoWriter(
            path: path, size: ImageSize(width: width, height: height), timeBase: (1, 25), settings: settings)
        for index in 0..<count { try writer.append(picture(index, width: width, height: height), timestamp: timestamps(index)) }
        try writer.finish()
    }

    /// H.264 with B-frames that refer across the borders of groups of pictures.
    static var openGroups: VideoWriter.EncoderSettings {
        var settings = VideoWriter.EncoderSettings.h264
        settings.options["x264-params"] = "open-gop=1:bframes=3:b-adapt=0:keyint=12:min-keyint=12:scenecut=0"
        return settings
    }
}
