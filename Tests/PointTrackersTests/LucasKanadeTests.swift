import Foundation
import Media
import TestSupport
import Testing

@testable import PointTrackers

private let folder = "optical-flow-lk"

private struct FlowFixture: Decodable {
    struct Tracks: Decodable {
        /// Lost points have null coordinates.
        var positions_xy: [[[Float?]]]
        var status: [[Int]]

        func position(_ frame: Int, _ point: Int) -> SIMD2<Float>? {
            guard let x = positions_xy[frame][point][0], let y = positions_xy[frame][point][1] else { return nil }
            return SIMD2(x, y)
        }
    }
    struct Clip: Decodable {
        var frames: Int
        var first_frame: Int
        var sequence: String
        var folder: String?
        var forward: Tracks
        var backward: Tracks
        var noise_floor: [String: Double]
    }
    var clips: [String: Clip]
}

/// Against OpenCV's `calcOpticalFlowPyrLK`.
@Suite(.enabled(if: Fixtures.hasEvaluation(folder + "/half.json"), Comment(rawValue: Fixtures.missing)))
struct LucasKanadeFixtureTests {
    private func file(_ name: String) -> URL { Fixtures.evaluation.appendingPathComponent("\(folder)/\(name)") }

    private func decode<T: Decodable>(_ name: String) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(contentsOf: file(name)))
    }

    private func pyramid(_ image: GrayImage) -> GrayPyramid {
        GrayPyramid(image, maximumLevels: LucasKanade.maximumLevels, window: LucasKanade.window)
    }

    private struct Agreement {
        var steps: [Float] = []
        var chain: [Float] = []
        var agreeing = 0
        var compared = 0

        mutating func add(_ expected: FlowFixture.Tracks, _ pyramids: [GrayPyramid]) {
            let points = expected.positions_xy[0].indices
            var current = points.map { expected.position(0, $0) }
            for t in 0..<(pyramids.count - 1) {
                let known = points.filter { expected.position(t, $0) != nil }
                let results = LucasKanade.track(known.compactMap { expected.position(t, $0) }, from: pyramids[t], to: pyramids[t + 1])
                for (k, index) in known.enumerated() {
                    compared += 1
                    if (expected.status[t + 1][index] == 1) == results[k].isFound { agreeing += 1 }
                    if let target = expected.position(t + 1, index) { steps.append(distance(results[k].position, target)) }
                }
                let chained = LucasKanade.track(current.map { $0 ?? .zero }, from: pyramids[t], to: pyramids[t + 1])
                for i in current.indices {
                    current[i] = current[i] != nil && chained[i].isFound ? chained[i].position : nil
                    if let found = current[i], let target = expected.position(t + 1, i) { chain.append(distance(found, target)) }
                }
            }
        }

        private func distance(_ a: SIMD2<Float>, _ b: SIMD2<Float>) -> Float {
            let d = a - b
            return (d.x * d.x + d.y * d.y).squareRoot()
        }
    }

    @Test func losslessClipsMatch() throws {
        let fixture: FlowFixture = try decode("half.json")
        #expect(!fixture.clips.isEmpty)
        for (name, clip) in fixture.clips {
            let images = try (0..<clip.frames).map {
                try ImageFile.readGray(file("\(clip.folder ?? "")/\(String(format: "%02d", $0)).png").path)
            }
            let pyramids = images.map(pyramid)
            var agreement = Agreement()
            agreement.add(clip.forward, pyramids)
            agreement.add(clip.backward, pyramids.reversed())
            let steps = agreement.steps.sorted()
            let chain = agreement.chain.sorted()
            #expect(steps[steps.count / 2] <= 0.01, "\(name)")
            #expect(steps[steps.count * 9 / 10] <= 0.05, "\(name)")
            #expect(chain[chain.count / 2] <= 0.02, "\(name)")
            #expect(Double(agreement.agreeing) >= 0.99 * Double(agreement.compared), "\(name)")
        }
    }

    @Test func jpegClipsMatch() throws {
        guard Fixtures.hasEvaluation(folder + "/full.json") else { return }
        let fixture: FlowFixture = try decode("full.json")
        for (name, clip) in fixture.clips {
            guard let root = Fixtures.evaluationDataset(with: [clip.sequence]) else { continue }
            let images = try (0..<clip.frames).map { index in
                let file = String(format: "%05d.jpg", clip.first_frame + index)
                return try ImageFile.readRGB(root.appendingPathComponent("JPEGImages/480p/\(clip.sequence)/\(file)").path).gray()
            }
            var agreement = Agreement()
            agreement.add(clip.forward, images.map(pyramid))
            let steps = agreement.steps.sorted()
            let limit = max(0.02, 2 * (clip.noise_floor["per_step_median"] ?? 0))
            #expect(Double(steps[steps.count / 2]) <= limit, "\(name)")
            #expect(Double(agreement.agreeing) >= 0.99 * Double(agreement.compared), "\(name)")
        }
    }

    private struct Edges: Decodable {
        var points_xy: [[Float]]
        var status: [Int]
        var result_xy: [[Float]?]
    }

    @Test func edgesAndLowContrastMatch() throws {
        let edges: Edges = try decode("edges.json")
        let pyramids = try (0..<2).map { pyramid(try ImageFile.readGray(file("edges-\($0).png").path)) }
        #expect(!edges.points_xy.isEmpty)
        let results = LucasKanade.track(edges.points_xy.map { SIMD2($0[0], $0[1]) }, from: pyramids[0], to: pyramids[1])
        for (i, result) in results.enumerated() {
            #expect(result.isFound == (edges.status[i] == 1), "point \(i)")
            guard result.isFound, let wanted = edges.result_xy[i] else { continue }
            let d = result.position - SIMD2(wanted[0], wanted[1])
            #expect((d.x * d.x + d.y * d.y).squareRoot() <= 0.05, "point \(i)")
        }
    }
}

struct LucasKanadeTrackerTests {
    /// A textured square that moves by (2, 1) a frame.
    private struct MovingSquare: FrameSource {
        let size = ImageSize(width: 160, height: 120)
        let frameCount = 8
        var timing: VideoTiming { VideoTiming(constantRate: 10, count: frameCount) }
        let name = "square"

        func frame(at index: Int) throws -> RGBImage {
            var image = RGBImage(width: 160, height: 120, red: 90, green: 90, blue: 90)
            for y in 0..<40 {
                for x in 0..<40 {
                    let value = UInt8(128 + 60 * sin(Double(x) * 0.7) * cos(Double(y) * 0.5) + Double((x / 8 + y / 8) % 2) * 40)
                    image[30 + x + 2 * index, 30 + y + index] = (value, value, value)
                }
            }
            return image
        }
    }

    @Test(arguments: TimeDirection.allCases) func followsBothWays(direction: TimeDirection) throws {
        let store = FrameStore(MovingSquare())
        let start = direction == .forward ? 0 : 7
        let session = try LucasKanadeTracker().start(on: store, at: start, direction: direction)
        let first = SIMD2<Float>(50.5 + 2 * Float(start), 50.5 + Float(start))
        let ids = try session.add([first, first + 6], group: 0)
        for _ in 0..<7 { try session.advance() }
        let moved = SIMD2<Float>(14, 7) * Float(direction.rawValue)
        for (id, origin) in zip(ids, [first, first + 6]) {
            let point = try #require(session.points.first { $0.id == id })
            #expect(point.isVisible)
            let d = point.position - origin - moved
            #expect(abs(d.x) < 0.2 && abs(d.y) < 0.2)
        }
        #expect(throws: MediaError.self) { try session.advance() }
        session.remove([ids[0]])
        #expect(session.points.map(\.id) == [ids[1]])
    }
}
