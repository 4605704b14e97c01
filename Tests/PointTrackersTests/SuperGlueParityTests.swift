import Inference
import InferenceOpenVINO
import Media
import NeuralGraph
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// SuperPoint and SuperGlue against the original code: networks, key points, and matches.
@Suite(.serialized, .enabled(if: !ParityCase.cases(of: "superpoint_superglue").isEmpty, Comment(rawValue: ParityCase.missing)))
struct SuperGlueParityTests {
    private struct Published: Decodable {
        struct Detector: Decodable {
            var nms_radius: Int
            var keypoint_threshold: Float
            var remove_borders: Int
        }
        struct Matcher: Decodable {
            var sinkhorn_iterations: Int
            var match_threshold: Float
        }
        var superpoint: Detector
        var superglue: Matcher
    }

    @Test(arguments: ParityCase.cases(of: "superpoint_superglue")) func allOutputs(_ parity: ParityCase) throws {
        let config = try parity.config(Published.self)
        let (weights, inputs) = (try parity.weights(), try parity.inputs())
        var options = SuperGlueTracker.Options()
        if parity.name == "superpoint_superglue" {
            // The defaults are the published ones.
            #expect(
                options.keypointThreshold == config.superpoint.keypoint_threshold
                    && options.suppressionRadius == config.superpoint.nms_radius)
            #expect(
                options.sinkhornIterations == config.superglue.sinkhorn_iterations
                    && options.matchThreshold == config.superglue.match_threshold)
        }
        (options.keypointThreshold, options.suppressionRadius) = (config.superpoint.keypoint_threshold, config.superpoint.nms_radius)
        (options.sinkhornIterations, options.matchThreshold) = (config.superglue.sinkhorn_iterations, config.superglue.match_threshold)
        #expect(KeypointSelection.border == config.superpoint.remove_borders)
        options.maximumKeypoints = nil
        let tracker = try SuperGlueTracker(
            detector: weights["superpoint"], matcher: weights["superglue"], engine: OpenVINOEngine(.init(cacheFolder: nil)),
            precision: .float32,
            options: options
        ) { name, value in
            let tapped = value()
            guard ["encoder", "scoreLogits", "descriptorMap", "keypointEncoding", "finalProj"].contains(name) else { return }
            // A value that is an output already gets a node of its own.
            tapped.graph.output("tap.\(name)", tapped.reshaped([1] + tapped.shape))
        }
        var results: [String: Tensor] = [:]
        var keypoints: [Keypoints] = []
        for picture in 0..<2 {
            let gray = try inputs.tensor("image\(picture)")
            let found = try tracker.processor.keypoints(Tensor(shape: gray.shape, gray.values.map { $0 / 255 }))
            for name in ["encoder", "scoreLogits", "descriptorMap"] { results["image\(picture).\(name)"] = found.outputs["tap.\(name)"] }
            let these = found.keypoints
            keypoints.append(these)
            results["keypoints\(picture)"] = Tensor(shape: [these.count, 2], these.positions.flatMap { [$0.x, $0.y] })
            results["scores\(picture)"] = Tensor(shape: [these.count], these.scores)
            results["descriptors\(picture)"] = channelsFirst(these.descriptors, picture: 0, count: these.count)
        }
        let (matches, outputs) = try tracker.matcher.match(keypoints[0], keypoints[1])
        for picture in 0..<2 {
            for name in ["keypointEncoding", "finalProj"] {
                let tensor = try #require(outputs["tap.\(name)"])
                results["image\(picture).\(name)"] = channelsFirst(tensor, picture: picture, count: keypoints[picture].count)
            }
        }
        results["gnn0"] = channelsFirst(try #require(outputs["described"]), picture: 0, count: keypoints[0].count)
        func vector(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], values) }
        results["matches0"] = vector(matches.first.map(Float.init))
        results["matches1"] = vector(matches.second.map(Float.init))
        results["matchingScores0"] = vector(matches.firstScores)
        results["matchingScores1"] = vector(matches.secondScores)
        let expected = try parity.expected()
        var comparison = try TrackerParity(parity)
        for output in parity.outputs {
            let result = try #require(results[output.name], "\(output.name) is not computed")
            if output.dtype == "int32" || output.name.hasPrefix("keypoints") {
                #expect(try result.values == expected.tensor(output.name).values, "\(output.name)")
                comparison.covered(output.name)
            } else {
                try comparison.check(output.name, result)
            }
        }
        comparison.finish()
    }

    /// The first `count` rows of a picture (of the last but one axis), channels first.
    private func channelsFirst(_ rows: Tensor, picture: Int, count: Int) -> Tensor {
        let (slots, width) = (rows.shape[rows.shape.count - 2], rows.shape[rows.shape.count - 1])
        return Tensor(shape: [width, count]) { target in
            rows.withUnsafeBuffer { source in
                for channel in 0..<width {
                    for i in 0..<count { target[channel * count + i] = source[(picture * slots + i) * width + channel] }
                }
            }
        }
    }
}
