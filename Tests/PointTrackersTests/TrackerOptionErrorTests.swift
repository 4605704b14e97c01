import Inference
import InferenceOpenVINO
import Media
import TensorFiles
import TestSupport
import Testing

@testable import PointTrackers

/// Options out of range are refused, whichever the tracker; none is brought into range in silence.
@Suite(.enabled(if: ParityCase.named("pips") != nil, Comment(rawValue: ParityCase.missing)))
struct TrackerOptionErrorTests {
    private func weights(_ name: String) throws -> Weights { try #require(ParityCase.named(name)).weights() }

    @Test func iterationsWindowsAndSizes() throws {
        let engine = try OpenVINOEngine(.init(cacheFolder: nil))
        let attempts: [() throws -> any PointTracker] = [
            { try PIPsTracker(weights: weights("pips"), engine: engine, options: .init(iterations: 0)) },
            { try PIPsTracker(weights: weights("pips"), engine: engine, longestSide: 0) },
            { try PIPsPlusPlusTracker(weights: weights("pips_plus_plus"), engine: engine, iterations: -1) },
            { try PIPsPlusPlusTracker(weights: weights("pips_plus_plus"), engine: engine, windowLength: 1) },
            { try PIPsPlusPlusTracker(weights: weights("pips_plus_plus"), engine: engine, windowLength: 129) },
            { try RAFTTracker(weights: weights("raft_small"), engine: engine, iterations: 0) },
            {
                var options = TAPIR.Options()
                options.window = 0
                return try TAPIR(weights: weights("tapir"), engine: engine, options: options)
            },
        ]
        for attempt in attempts {
            #expect { try attempt() } throws: { error in
                guard case TrackerError.invalidOption? = error as? TrackerError else { return false }
                return true
            }
        }
    }

    @Test func rangesAreNamed() {
        #expect(throws: TrackerError.invalidOption("RAFT: iterations must be at least 1; it is 0.")) {
            try TrackerError.check("iterations", 0, 1..., of: "RAFT")
        }
        #expect(throws: TrackerError.invalidOption("PIPs++: windowLength must be between 2 and 128; it is 129.")) {
            try TrackerError.check("windowLength", 129, 2...128, of: "PIPs++")
        }
    }
}
