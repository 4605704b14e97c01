import Inference
import Media
import Segmenters
import TensorFiles

/// Points being followed by NanoTrack: the state of each (position, velocity, hidden state, templates) in rows.
final class NanoTrackSession: TrackingSession {
    /// The parts of a point's state by their names in the networks, with their widths.
    private static let parts = [("x", 2), ("v", 2), ("h", 128), ("q8", 64), ("r8", 64), ("q4", 288), ("r4", 288)]

    private let video: FrameStore
    private let direction: TimeDirection
    private let maps: NanoTrackMapsProcessor
    private let networks: NanoTrackNetworks
    private let threshold: Float
    private let grid: NanoInputGrid

    private(set) var frame: Int
    private var nextID = 0
    private var ids: [Int] = []
    private var groups: [Int] = []
    private var confidences: [Float] = []
    /// Rows of `parts` in order, one row per point.
    private var state: [String: [Float]] = [:]

    init(
        video: FrameStore, frame: Int, direction: TimeDirection, maps: NanoTrackMapsProcessor, networks: NanoTrackNetworks, threshold: Float
    ) {
        self.video = video
        self.frame = frame
        self.direction = direction
        self.maps = maps
        self.networks = networks
        self.threshold = threshold
        grid = NanoInputGrid(frame: video.size)
        for (name, _) in Self.parts { state[name] = [] }
    }

    var points: [TrackedPoint] {
        let x = state["x"] ?? []
        return ids.indices.map { i in
            let position = SIMD2(x[2 * i], x[2 * i + 1]) / grid.scale
            let visible = confidences[i] > threshold && video.size.contains(position)
            return TrackedPoint(id: ids[i], position: position, confidence: confidences[i], isVisible: visible)
        }
    }

    func add(_ positions: [SIMD2<Float>], group: Int) throws -> [Int] {
        try add(positions, groups: [Int](repeating: group, count: positions.count))
    }

    func add(_ positions: [SIMD2<Float>], groups newGroups: [Int]) throws -> [Int] {
        precondition(positions.count == newGroups.count, "as many groups as points")
        guard !positions.isEmpty else { return [] }
        let count = NanoTrackNetworks.slots(for: positions.count)
        let scaled = positions.map { $0 * grid.scale }
        let x = scaled.flatMap { [$0.x, $0.y] }
        let maps = try video.value(of: maps, at: frame)
        let padded = Tensor(shape: [count, 2], x + [Float](repeating: 0, count: 2 * (count - positions.count)))
        let network = try networks.start(input: grid.input, count: count)
        let started = try network(["f4": maps.f4, "f8": maps.f8, "x": padded])
        func rows(_ name: String, _ width: Int) -> [Float] {
            started[name]?.withUnsafeBuffer { Array($0.prefix(positions.count * width)) } ?? []
        }
        let (h, q8, q4) = (rows("h", 128), rows("q8", 64), rows("q4", 288))
        state["x", default: []] += x
        state["v", default: []] += [Float](repeating: 0, count: 2 * positions.count)
        state["h", default: []] += h
        state["q8", default: []] += q8
        state["r8", default: []] += q8
        state["q4", default: []] += q4
        state["r4", default: []] += q4
        let new = Array(nextID..<(nextID + positions.count))
        nextID += positions.count
        ids += new
        groups += newGroups
        confidences += [Float](repeating: 1, count: positions.count)
        return new
    }

    func remove(_ removed: Set<Int>) {
        let kept = ids.indices.filter { !removed.contains(ids[$0]) }
        guard kept.count < ids.count else { return }
        ids = kept.map { ids[$0] }
        groups = kept.map { groups[$0] }
        confidences = kept.map { confidences[$0] }
        for (name, width) in Self.parts {
            guard let rows = state[name] else { continue }
            state[name] = kept.flatMap { rows[($0 * width)..<(($0 + 1) * width)] }
        }
    }

    func advance() throws {
        let next = frame + direction.rawValue
        guard (0..<video.frameCount).contains(next) else { throw MediaError.frameOutOfRange(index: next, count: video.frameCount) }
        guard !ids.isEmpty else {
            frame = next
            return
        }
        let count = NanoTrackNetworks.slots(for: ids.count)
        let maps = try video.value(of: maps, at: next)
        prepareAhead(next + direction.rawValue)
        var inputs = ["f4": maps.f4, "f8": maps.f8, "A": groupMatrix(count)]
        for (name, width) in Self.parts {
            let rows = state[name] ?? []
            inputs[name] = Tensor(shape: [count, width]) { target in
                _ = target.initialize(from: rows)
                target[rows.count...].initialize(repeating: 0)
            }
        }
        let network = try networks.step(input: grid.input, count: count)
        let results = try network(inputs)
        for (part, output) in [("x", "x1"), ("v", "v1"), ("h", "h1"), ("r8", "r8_1"), ("r4", "r4_1")] {
            guard let result = results[output], let old = state[part] else { throw SegmenterError.missingOutput(output) }
            state[part] = result.withUnsafeBuffer { Array($0.prefix(old.count)) }
        }
        guard let confidence = results["pv"] else { throw SegmenterError.missingOutput("pv") }
        frame = next
        confidences = confidence.withUnsafeBuffer { Array($0.prefix(ids.count)) }
    }

    /// Encodes the frame after this one while step and decoder work on this one: small networks alone do not fill all cores.
    private func prepareAhead(_ index: Int) {
        guard (0..<video.frameCount).contains(index) else { return }
        // An error is met again, and reported, when the frame's turn comes.
        Task.detached { [video, maps] in _ = try? video.value(of: maps, at: index) }
    }

    /// Row i averages the messages of i's group.
    private func groupMatrix(_ count: Int) -> Tensor {
        var sizes: [Int: Int] = [:]
        for group in groups { sizes[group, default: 0] += 1 }
        return Tensor(shape: [count, count]) { matrix in
            matrix.initialize(repeating: 0)
            for i in groups.indices {
                let weight = 1 / Float(sizes[groups[i]] ?? 1)
                for j in groups.indices where groups[j] == groups[i] { matrix[i * count + j] = weight }
            }
        }
    }
}
