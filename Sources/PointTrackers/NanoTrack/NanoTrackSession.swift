import Inference
import Media
import Segmenters
import Support
import TensorFiles

/// Points being followed by NanoTrack: the state of each (position, velocity, hidden state, templates) in rows.
final class NanoTrackSession: TrackingSession {
    /// The parts of a point's state by their names in the networks, with their widths.
    private static let parts = [("x", 2), ("v", 2), ("h", 128), ("q8", 64), ("r8", 64), ("q4", 288), ("r4", 288)]

    /// The parts that a step changes, and what they are called in its outputs.
    private static let outputs = [("x", "x1", 2), ("v", "v1", 2), ("h", "h1", 128), ("r8", "r8_1", 64), ("r4", "r4_1", 288)]

    private let video: FrameStore
    private let direction: TimeDirection
    private let maps: NanoTrackMapsProcessor
    private let networks: NanoTrackNetworks
    private let threshold: Float
    private let grid: NanoInputGrid

    private(set) var frame: Int
    /// The next frame, in the making; it ends with the session.
    private var ahead: (frame: Int, maps: ProductionLane<NanoTrackMapsProcessor.Maps>)?
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
        let maps = try video.value(of: maps, at: frame)
        var added = [String: [Float]]()
        for start in stride(from: 0, to: positions.count, by: NanoTrackBatches.limit) {
            let batch = positions[start..<min(positions.count, start + NanoTrackBatches.limit)]
            let count = NanoTrackNetworks.slots(for: batch.count)
            let x = batch.flatMap { [$0.x * grid.scale.x, $0.y * grid.scale.y] }
            let padded = Tensor(shape: [count, 2], x + [Float](repeating: 0, count: 2 * (count - batch.count)))
            let network = try networks.start(input: grid.input, count: count)
            let started = try network(["f4": maps.f4, "f8": maps.f8, "x": padded])
            added["x", default: []] += x
            added["v", default: []] += [Float](repeating: 0, count: 2 * batch.count)
            for (name, parts, width) in [("h", ["h"], 128), ("q8", ["q8", "r8"], 64), ("q4", ["q4", "r4"], 288)] {
                guard let rows = started[name] else { throw TrackerError.missingOutput(name) }
                rows.withUnsafeBuffer { for part in parts { added[part, default: []] += $0.prefix(batch.count * width) } }
            }
        }
        for (name, rows) in added { state[name, default: []] += rows }
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
        try video.check(frame: next)
        guard !ids.isEmpty else {
            frame = next
            return
        }
        let maps = try preparedMaps(at: next)
        var (state, confidences) = (state, confidences)
        for batch in NanoTrackBatches.indices(of: groups) {
            let results = try step(batch, maps)
            for (part, output, width) in Self.outputs {
                guard let result = results[output] else { throw TrackerError.missingOutput(output) }
                Self.write(result, width: width, to: &state[part, default: []], at: batch)
            }
            guard let confidence = results["pv"] else { throw TrackerError.missingOutput("pv") }
            Self.write(confidence, width: 1, to: &confidences, at: batch)
        }
        frame = next
        (self.state, self.confidences) = (state, confidences)
    }

    /// Runs the network for some points, which are given by their indices: outputs have a row for each of them.
    private func step(_ batch: [Int], _ maps: NanoTrackMapsProcessor.Maps) throws -> [String: Tensor] {
        let count = NanoTrackNetworks.slots(for: batch.count)
        var inputs = ["f4": maps.f4, "f8": maps.f8, "A": groupMatrix(batch.map { groups[$0] }, count)]
        for (name, width) in Self.parts { inputs[name] = Self.gathered(state[name] ?? [], width: width, at: batch, slots: count) }
        let network = try networks.step(input: grid.input, count: count)
        return try network(inputs)
    }

    /// The rows of some points, and zeros for unused slots.
    private static func gathered(_ rows: [Float], width: Int, at batch: [Int], slots: Int) -> Tensor {
        Tensor(shape: [slots, width]) { target in
            // First, not last: Swift 6.3 ends a closure that may throw with a jump to memset before it restores the register for errors.
            target.initialize(repeating: 0)
            for (row, i) in batch.enumerated() {
                for k in 0..<width { target[row * width + k] = rows[i * width + k] }
            }
        }
    }

    /// Writes rows of a network's output, one for each point of `batch`, to where the points have theirs.
    private static func write(_ result: Tensor, width: Int, to rows: inout [Float], at batch: [Int]) {
        result.withUnsafeBuffer { values in
            for (row, i) in batch.enumerated() {
                for k in 0..<width { rows[i * width + k] = values[row * width + k] }
            }
        }
    }

    /// The maps of a frame. The frame after it is encoded while step and decoder work on this one: small networks alone do not fill all
    /// cores.
    private func preparedMaps(at index: Int) throws -> NanoTrackMapsProcessor.Maps {
        let ready = ahead?.frame == index ? try ahead?.maps.next() : nil
        ahead = nil
        let maps = try ready ?? video.value(of: maps, at: index)
        let next = index + direction.rawValue
        if video.frames.contains(next) {
            ahead = (next, ProductionLane.once { [video, processor = self.maps] in try video.value(of: processor, at: next) })
        }
        return maps
    }

    /// Row i averages the messages of i's group.
    private func groupMatrix(_ groups: [Int], _ count: Int) -> Tensor {
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
