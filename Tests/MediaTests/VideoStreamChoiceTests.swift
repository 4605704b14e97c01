import Foundation
import Testing

@testable import Media

/// Which of several video streams is taken: what docs/cli.md says.
struct VideoStreamChoiceTests {
    @Test(arguments: [("first-is-default.mp4", true), ("second-is-default.mp4", false)])
    func theDefaultOne(name: String, isFirst: Bool) throws {
        let reader = try VideoReader(path: testData("clips/\(name)"))
        #expect(reader.size == (isFirst ? ImageSize(width: 32, height: 24) : ImageSize(width: 64, height: 48)))
        #expect(reader.frameCount == 5 && reader.damage == nil)
        let pixel = try reader.frame(at: 3)[10, 10]
        #expect(isFirst ? pixel.red > 200 : pixel.blue > 200)
    }

    @Test func coversAreNone() throws {
        let reader = try VideoReader(path: testData("clips/with-cover.mp4"))
        #expect(reader.size == ImageSize(width: 64, height: 48))
        #expect(reader.frameCount == 5)
        #expect(try reader.frame(at: 0)[10, 10].blue > 200)
    }
}
