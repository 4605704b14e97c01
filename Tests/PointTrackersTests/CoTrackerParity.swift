import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// What the CoTracker family computes, in the form that the reference numbers have; `TrackerParity` compares them.
enum CoTrackerParity {
    /// Makes what a network taps outputs, `tap.NAME`.
    static let taps: GraphTap = { name, value in
        let tapped = value()
        // A value that is an output already gets a node of its own.
        tapped.graph.output("tap.\(name)", tapped.reshaped([1] + tapped.shape))
    }

    /// The reference's `queries`, frame and position (pixel centres at whole numbers).
    static func queries(_ tensor: Tensor) -> [PointQuery] {
        let values = tensor.values
        return stride(from: 0, to: values.count, by: 3).map {
            PointQuery(frame: Int(values[$0]), position: SIMD2(values[$0 + 1], values[$0 + 2]) + 0.5)
        }
    }

    /// The frames of a clip, continued with the last one to a multiple of a window as the references of CoTracker 2 and 3 do.
    static func padded(_ count: Int, to window: Int) -> [Int] {
        (0..<((count + window - 1) / window * window)).map { min($0, count - 1) }
    }

    /// Maps frame by frame as frames x 128 x height x width.
    static func maps(_ maps: [FeatureMap]) -> Tensor {
        Tensor(
            shape: [maps.count, 128, maps[0].height, maps[0].width],
            maps.flatMap { map -> [Float] in
                let rows = map.rows.values
                return (0..<128).flatMap { channel in (0..<(map.width * map.height)).map { rows[$0 * 128 + channel] } }
            })
    }

    /// Rows of `tensor` along its first axis of those that are not 1, or along the second of them.
    static func picked(_ tensor: Tensor, axis: Int, _ rows: [Int]) -> Tensor {
        let shape = tensor.shape.filter { $0 != 1 }
        let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
        let values = tensor.values
        var result = shape
        result[axis] = rows.count
        var chosen: [Float] = []
        for block in 0..<outer {
            for row in rows {
                let start = (block * shape[axis] + row) * inner
                chosen += values[start..<(start + inner)]
            }
        }
        return Tensor(shape: result, chosen)
    }

    /// frames x points x ..., from what an observer gets in the order of `starts`.
    static func byFrame(_ estimates: [PointEstimate], order: [Int], _ numbers: (PointState) -> [Float]) -> Tensor {
        let frames = estimates[0].positions.count
        let values = (0..<frames).flatMap { frame in order.flatMap { numbers(estimates[$0][frame]) } }
        return Tensor(shape: [frames, order.count, values.count / (frames * order.count)], values)
    }

    static func byFrame(_ tracks: RawTracks, _ numbers: (PointState) -> [Float]) -> Tensor {
        let values = tracks.states.flatMap(numbers)
        return Tensor(shape: [tracks.frames, tracks.points, values.count / tracks.states.count], values)
    }

    /// A position in pixels of the network's input, at stride 4, pixel centres at whole numbers.
    static func pixels(_ state: PointState) -> [Float] { [4 * state.position.x, 4 * state.position.y] }

    /// Where each query is among a run's points, which are sorted by their frames.
    static func order(_ queries: [PointQuery]) -> [Int] {
        let sorted = queries.indices.sorted { (queries[$0].frame, $0) < (queries[$1].frame, $1) }
        return queries.indices.map { index in sorted.firstIndex(of: index) ?? 0 }
    }

    /// What the transformer with virtual tracks tells of its first block, in the order of the queries.
    static func transformer(_ outputs: [String: Tensor], order: [Int]) -> [String: Tensor] {
        var results: [String: Tensor] = [:]
        for (name, axis) in [("embedded", 0), ("hidden", 0), ("delta", 0), ("point2virtual", 1)] {
            guard let tensor = outputs["tap.\(name)"] else { continue }
            results["\(name)0"] = picked(tensor, axis: axis, order)
        }
        if let time = outputs["tap.time"] {
            let slots = time.shape[1] - VirtualTrackTransformer.virtualTracks
            results["time0"] = picked(time, axis: 0, order + Array(slots..<time.shape[1]))
        }
        results["virtual2point0"] = outputs["tap.virtual2point"]
        results["virtual0"] = outputs["tap.virtual"]
        return results
    }
}
