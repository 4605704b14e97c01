import Inference
import Segmenters
import TensorFiles

/// Runs TAPIR's point part on the maps of some consecutive frames. Points do not influence each other.
final class TAPIREstimator: Sendable {
    /// Points per run of the head, and of the mixer, whose activations are large.
    private static let headSlots = (few: 16, many: 64)
    private static let mixerSlots = (few: 4, many: 16)

    let network: TAPIRNetwork
    private let positions: NetworkLibrary
    private let refinements: NetworkLibrary

    /// - Parameter precision: of the mixer; positions are found in float32 whatever it is.
    init(_ network: TAPIRNetwork, engine: any InferenceEngine, precision: Precision) {
        self.network = network
        positions = NetworkLibrary(engine: engine, precision: .float32)
        refinements = NetworkLibrary(engine: engine, precision: precision)
    }

    /// - Parameter position: in pixels of the network's input.
    func query(_ position: SIMD2<Float>, frame: Int, maps: TAPIRMaps) -> TAPIRQuery {
        let features = zip(maps.levels, network.mapSides).prefix(2).flatMap { map, side in
            LocalCorrelation.sample(map, mapSide: side, position: position * (Float(side) / Float(TAPIRNetwork.side)))
        }
        return TAPIRQuery(frame: frame, position: position, features: Array(features))
    }

    /// Intermediate results for tests: tokens and updates of every iteration, and the estimates after it.
    typealias Observer = (_ name: String, _ tensor: Tensor) -> Void

    /// - Parameters:
    ///   - maps: of consecutive frames.
    ///   - first: the number of the first of them; queries in other frames than these are followed, too.
    /// - Returns: query by query, the estimates in all frames.
    func estimates(
        of queries: [TAPIRQuery], in maps: [TAPIRMaps], first: Int, observe: Observer? = nil
    ) throws -> [[TAPIREstimate]] {
        guard !queries.isEmpty, !maps.isEmpty else { return queries.map { _ in [] } }
        var results = try initial(queries, maps, first: first)
        observe?("estimates0", Self.tensor(results))
        let slots = queries.count <= Self.mixerSlots.few ? Self.mixerSlots.few : Self.mixerSlots.many
        for start in stride(from: 0, to: queries.count, by: slots) {
            let chunk = start..<min(queries.count, start + slots)
            var refined = Array(results[chunk])
            try refine(&refined, features: queries[chunk].map(\.features), maps, slots: slots, observe: observe)
            results.replaceSubrange(chunk, with: refined)
        }
        return results
    }

    /// Where the best matches are, frame by frame; in its query frame a point is where it was put.
    private func initial(_ queries: [TAPIRQuery], _ maps: [TAPIRMaps], first: Int) throws -> [[TAPIREstimate]] {
        let channels = TAPIRNetwork.lowChannels
        let slots = queries.count <= Self.headSlots.few ? Self.headSlots.few : Self.headSlots.many
        let head = try positions.network("tapir-head-1-\(network.fingerprint)-\(slots)") { try network.start.model(count: slots) }
        var results = queries.map { _ in [TAPIREstimate]() }
        for start in stride(from: 0, to: queries.count, by: slots) {
            let chunk = start..<min(queries.count, start + slots)
            let templates = Tensor(shape: [slots, channels]) { target in
                target.initialize(repeating: 0)
                for (row, query) in queries[chunk].enumerated() {
                    _ = target[(row * channels)...].update(fromContentsOf: query.features[TAPIRNetwork.highChannels...])
                }
            }
            for (index, maps) in maps.enumerated() {
                guard let found = try head(["map": maps.levels[1], "templates": templates])["found"] else {
                    throw TrackerError.missingOutput("found")
                }
                found.withUnsafeBuffer { found in
                    for (row, i) in chunk.enumerated() {
                        let isQuery = queries[i].frame == first + index
                        let position = isQuery ? queries[i].position : SIMD2(found[4 * row], found[4 * row + 1])
                        results[i].append(
                            TAPIREstimate(position: position, occlusion: found[4 * row + 2], expectedDistance: found[4 * row + 3]))
                    }
                }
            }
        }
        return results
    }

    private func refine(
        _ points: inout [[TAPIREstimate]], features: [[Float]], _ maps: [TAPIRMaps], slots: Int, observe: Observer?
    ) throws {
        let (frames, slotted) = (maps.count, Self.frameSlots(maps.count))
        let (inputs, outputs, channels) = (network.mixer.inputs, TAPIRMixer.outputs, TAPIRNetwork.channels)
        let mixer = try refinements.network("tapir-mixer-1-\(network.fingerprint)-\(slots)-\(slotted)") {
            try network.mixer.model(points: slots, frames: slotted)
        }
        let mask = Tensor(shape: [1, 1, slotted, 1], (0..<slotted).map { $0 < frames ? 1 : 0 })
        var features = features.flatMap { feature in (0..<frames).flatMap { _ in feature } }
        for iteration in 0..<TAPIRNetwork.iterations {
            let tokens = Tensor(shape: [slots, slotted, inputs]) { target in
                target.initialize(repeating: 0)
                features.withUnsafeBufferPointer { features in
                    for (i, point) in points.enumerated() {
                        for (t, estimate) in point.enumerated() {
                            let feature = UnsafeBufferPointer(rebasing: features[((i * frames + t) * channels)...].prefix(channels))
                            let token = UnsafeMutableBufferPointer(rebasing: target[((i * slotted + t) * inputs)...].prefix(inputs))
                            fill(token, estimate, feature, maps[t])
                        }
                    }
                }
            }
            guard let updates = try mixer(["tokens": tokens, "mask": mask])["updates"] else { throw TrackerError.missingOutput("updates") }
            observe?("tokens\(iteration)", tokens)
            observe?("updates\(iteration)", updates)
            updates.withUnsafeBuffer { updates in
                features.withUnsafeMutableBufferPointer { features in
                    for i in points.indices {
                        for t in 0..<frames {
                            let row = (i * slotted + t) * outputs
                            points[i][t].position += SIMD2(updates[row], updates[row + 1])
                            points[i][t].occlusion += updates[row + 2]
                            points[i][t].expectedDistance += updates[row + 3]
                            let feature = (i * frames + t) * channels
                            for c in 0..<channels { features[feature + c] += updates[row + 4 + c] }
                        }
                    }
                }
            }
            observe?("estimates\(iteration + 1)", Self.tensor(points))
        }
    }

    /// What the mixer reads of one point in one frame.
    private func fill(
        _ token: UnsafeMutableBufferPointer<Float>, _ estimate: TAPIREstimate, _ feature: UnsafeBufferPointer<Float>, _ maps: TAPIRMaps
    ) {
        // The first two stand for a position that the network does not get to see.
        (token[2], token[3]) = (estimate.occlusion, estimate.expectedDistance)
        _ = token[4...].update(fromContentsOf: feature)
        let (high, samples) = (TAPIRNetwork.highChannels, TAPIRNetwork.samples)
        for (level, side) in network.mapSides.enumerated() {
            let target = UnsafeMutableBufferPointer(rebasing: token[(4 + feature.count + level * samples)...].prefix(samples))
            let part = UnsafeBufferPointer(rebasing: level == 0 ? feature[..<high] : feature[high...])
            maps.levels[level].withUnsafeBuffer { map in
                LocalCorrelation.fill(
                    target, map: map, mapSide: side, feature: part,
                    position: estimate.position * (Float(side) / Float(TAPIRNetwork.side)))
            }
        }
    }

    /// Numbers of frames that mixers are compiled for; the mask hides the rest.
    private static func frameSlots(_ count: Int) -> Int { count <= 64 ? (count + 7) / 8 * 8 : (count + 15) / 16 * 16 }

    private static func tensor(_ points: [[TAPIREstimate]]) -> Tensor {
        Tensor(
            shape: [points.count, points[0].count, 4],
            points.flatMap { $0.flatMap { [$0.position.x, $0.position.y, $0.occlusion, $0.expectedDistance] } })
    }
}
