import Foundation
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// Compares what a tracker's network computes with a parity case, output by output.
struct TrackerParity {
    let parity: ParityCase
    private let expected: SafetensorsFile
    private var compared: Set<String> = []
    private var worst = (name: "", share: 0.0)

    init(_ parity: ParityCase) throws {
        self.parity = parity
        expected = try parity.expected()
    }

    /// Checks one output against the limit that the reference data gives for it; flags must be the same.
    /// - Parameter isPixels: whether it is coordinates, of which none may be off by more than the reference data allows.
    mutating func check(_ name: String, _ result: Tensor, isPixels: Bool = false) throws {
        let difference = try parity.difference(of: result, from: name, in: expected)
        compared.insert(name)
        if parity.outputs.contains(where: { $0.name == name && $0.dtype == "uint8" }) {
            #expect(difference.isNone, "\(parity): \(name)")
            return
        }
        #expect(difference.share <= 1, "\(parity): \(name)")
        if isPixels { #expect(difference.shareInPixels <= 1, "\(parity): \(name), in pixels") }
        if difference.share > worst.share { worst = (name, difference.share) }
    }

    mutating func checkPixels(_ name: String, _ result: Tensor) throws { try check(name, result, isPixels: true) }

    /// Checks all outputs of a case.
    /// - Parameter positions: whether an output is coordinates in pixels.
    static func check(_ parity: ParityCase, _ results: [String: Tensor], positions: (String) -> Bool) throws {
        var comparison = try TrackerParity(parity)
        for output in parity.outputs {
            let result = try #require(results[output.name], "\(parity): \(output.name) is not computed")
            try comparison.check(output.name, result, isPixels: positions(output.name))
        }
        comparison.finish()
    }

    /// Marks outputs that a test compares in its own way.
    mutating func covered(_ names: String...) { compared.formUnion(names) }

    /// That every output of the case has been compared.
    func finish() {
        let missing = parity.outputs.map(\.name).filter { !compared.contains($0) }
        #expect(missing.isEmpty, "\(parity): not compared: \(missing)")
        print("\(parity): \(compared.count) outputs, nearest to its limit \(worst.name) (\(worst.share) of it)")
    }
}

/// The frames of a stored clip (1 x frames x 3 x height x width, or with `image` 1 x 3 x height x width) as pictures.
func pictures(_ clip: Tensor) -> [RGBImage] {
    let shape = Array(clip.shape.suffix(3))
    let (height, width) = (shape[1], shape[2])
    let area = height * width
    return clip.withUnsafeBuffer { values in
        (0..<(clip.count / (3 * area))).map { frame in
            RGBImage(width: width, height: height, pixels: (0..<(3 * area)).map { UInt8(values[(3 * frame + $0 % 3) * area + $0 / 3]) })
        }
    }
}

/// Pictures in memory as a video.
struct PictureSource: FrameSource {
    let pictures: [RGBImage]
    let name = "pictures"

    var size: ImageSize { pictures[0].size }
    var frameCount: Int { pictures.count }
    var timing: VideoTiming { VideoTiming(constantRate: 25, count: pictures.count) }

    func frame(at index: Int) throws -> RGBImage {
        guard pictures.indices.contains(index) else { throw MediaError.frameOutOfRange(index: index, count: pictures.count) }
        return pictures[index]
    }
}

/// A point to follow: from which frame, and where, with pixel centres at whole numbers.
typealias Query = (frame: Int, position: SIMD2<Float>)

/// What a session over the whole video makes of query points: frames x points; nil before a point's frame in the direction of time.
func follow(
    _ tracker: any PointTracker, _ video: FrameStore, queries: [Query], direction: TimeDirection,
    prepare: (any TrackingSession) -> Void = { _ in }
) throws -> [[TrackedPoint?]] {
    var tracks = [[TrackedPoint?]](repeating: [TrackedPoint?](repeating: nil, count: queries.count), count: video.frameCount)
    let order = direction == .forward ? Array(0..<video.frameCount) : (0..<video.frameCount).reversed()
    let session = try tracker.start(on: video, at: order[0], direction: direction)
    prepare(session)
    var indices: [Int: Int] = [:]
    for frame in order {
        if session.frame != frame { try session.advance() }
        let new = queries.indices.filter { queries[$0].frame == frame }
        for (id, index) in zip(try session.add(new.map { queries[$0].position + 0.5 }, group: 0), new) { indices[id] = index }
        for point in session.points {
            if let index = indices[point.id] { tracks[frame][index] = point }
        }
    }
    return tracks
}

/// Both directions of time, split at each point's own frame.
func merged(forward: [[TrackedPoint?]], backward: [[TrackedPoint?]], queries: [Query]) throws -> [[TrackedPoint]] {
    try forward.indices.map { frame in
        try queries.indices.map { try #require(frame < queries[$0].frame ? backward[frame][$0] : forward[frame][$0]) }
    }
}

/// 1 x frames x points x 2 as stored: pixel centres at whole numbers, 0 where there is no point.
func trajectories(_ tracks: [[TrackedPoint?]]) -> Tensor {
    Tensor(
        shape: [1, tracks.count, tracks[0].count, 2],
        tracks.flatMap { $0.flatMap { point in point.map { [$0.position.x - 0.5, $0.position.y - 0.5] } ?? [0, 0] } })
}

/// Queries as stored: (frame, x, y) of each point.
func queries(_ tensor: Tensor) -> [Query] {
    let values = tensor.values
    return stride(from: 0, to: values.count, by: 3).map { (Int(values[$0]), SIMD2(values[$0 + 1], values[$0 + 2])) }
}
