import Foundation
// Deliberately the only import of the package: what a user needs must come with it.
import SAMPTKit
import Testing

@Suite("SAMPTKit: one import from clicks to masks")
struct BuiltInTests {
    /// A disk that moves two pixels to the right a frame.
    private struct Clip {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kit-\(UUID().uuidString)")
        let radius: Float = 14

        func center(_ index: Int) -> SIMD2<Float> { SIMD2(40.5 + 2 * Float(index), 36.5) }

        func truth(_ index: Int) -> Mask {
            var mask = Mask(width: 96, height: 72)
            for y in 0..<72 {
                for x in 0..<96 {
                    let d = SIMD2(Float(x) + 0.5, Float(y) + 0.5) - center(index)
                    mask[x, y] = d.x * d.x + d.y * d.y < radius * radius
                }
            }
            return mask
        }

        init(frameCount: Int) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for index in 0..<frameCount {
                let mask = truth(index)
                var image = RGBImage(width: 96, height: 72)
                for y in 0..<72 {
                    for x in 0..<96 {
                        let texture = UInt8((x * 7 + y * 13) % 40)
                        image[x, y] = mask[x, y] ? (220, 60 + texture, 40) : (40 + texture, 90, 110 - texture)
                    }
                }
                try ImageFile.writePNG(image, to: folder.appendingPathComponent("\(index).png").path)
            }
        }

        func remove() { try? FileManager.default.removeItem(at: folder) }
    }

    private func overlap(_ a: Mask, _ b: Mask) -> Double {
        let both = zip(a.values, b.values).count { $0 != 0 && $1 != 0 }
        let either = zip(a.values, b.values).count { $0 != 0 || $1 != 0 }
        return either == 0 ? 1 : Double(both) / Double(either)
    }

    @Test("The built-in models follow a disk from one click in the middle of the clip, both ways")
    func clicks() async throws {
        let clip = try Clip(frameCount: 5)
        defer { clip.remove() }
        var indices: [Int] = []
        let center = clip.center(2)
        for try await frame in try VideoSegmenter.builtIn().segment(clip.folder.path, clicks: [.positive(center.x, center.y)], frame: 2) {
            indices.append(frame.frameIndex)
            #expect(frame.objects.map(\.id) == [1])
            #expect(overlap(frame.objects[0].mask, clip.truth(frame.frameIndex)) > 0.8, "frame \(frame.frameIndex)")
        }
        #expect(indices == Array(0..<5))
    }

    @Test("The shared encoder runs once a frame, whichever engine runs the networks")
    func engine() async throws {
        let clip = try Clip(frameCount: 1)
        defer { clip.remove() }
        let segmenter = try VideoSegmenter.builtIn(engine: OpenVINOEngine(.init(threads: 1)), precision: .float32)
        #expect(segmenter.segmenter.name == "nano")
        #expect(segmenter.tracker.name == "nano")
        var count = 0
        for try await frame in try segmenter.segment(clip.folder.path, clicks: [.positive(40.5, 36.5)]) {
            count += 1
            #expect(!frame.objects[0].mask.isEmpty)
        }
        #expect(count == 1)
    }

    @Test("What does not fit is said before or when the first frame is asked for")
    func errors() async throws {
        let segmenter = try VideoSegmenter.builtIn()
        #expect(throws: FileError.self) { try segmenter.segment("/nowhere/rabbit.mp4", clicks: [.positive(1, 1)]) }
        let clip = try Clip(frameCount: 1)
        defer { clip.remove() }
        await #expect(throws: QueryError.self) {
            for try await _ in try segmenter.segment(clip.folder.path, clicks: [.negative(1, 1)]) {}
        }
        await #expect(throws: QueryError.self) {
            for try await _ in try segmenter.segment(clip.folder.path, clicks: [.positive(1, 1)], frame: 1) {}
        }
    }
}
