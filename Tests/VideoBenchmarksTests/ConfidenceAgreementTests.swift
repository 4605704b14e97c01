import Foundation
import Media
import Testing

@testable import VideoBenchmarks

@Suite("Agreement of confidence and truth")
struct ConfidenceAgreementTests {
    /// Numbers of scipy.stats.spearmanr.
    @Test func rankCorrelation() {
        #expect(abs((spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]) ?? 0) - 0.8207826816681233) < 1e-12)
        #expect(abs((spearman([0.1, 0.4, 0.4, 0.9], [1, 0.5, 0.7, 0.2]) ?? 0) + 0.9486832980505138) < 1e-12)
        #expect(spearman([1, 1, 1], [1, 2, 3]) == nil)
        #expect(spearman([], []) == nil)
        #expect(spearman([1], [1]) == nil)
    }

    @Test func errorsAndReliability() throws {
        let samples = [(0.95, 1.0), (0.85, 0.75), (0.8, 0.85), (0.05, 0.25), (1, 0.9), (.nan, 1), (0.5, .nan)]
        let agreement = ConfidenceAgreement(samples.map { ConfidenceSample(confidence: $0.0, j: $0.1) })
        #expect(agreement.frames == 5)
        #expect(abs(try #require(agreement.meanAbsoluteError) - 0.1) < 1e-12)
        #expect(abs(try #require(agreement.bias) + 0.02) < 1e-12)
        #expect(agreement.reliability.map(\.frames) == [1, 2, 2])
        #expect(agreement.reliability.map(\.from) == [0, 0.8, 0.9])
        #expect(abs(agreement.reliability[1].meanJ - 0.8) < 1e-12)
        #expect(ConfidenceAgreement([]).meanAbsoluteError == nil)
    }

    /// What lies in front in the map is what the picture shows: the colour of a pixel inside a layer changes only where the map says so.
    @Test func layersAreThoseOfTheTracks() throws {
        let clip = try SyntheticClip(name: "x", seed: 3, size: ImageSize(width: 128, height: 96), frameCount: 5)
        let map = try clip.layers(at: 2)
        #expect(map.ids.count >= 3)
        #expect(throws: MediaError.self) { try clip.layers(at: 5) }
        let truth = try clip.truth(pointCount: 200)
        // Half of the points are on things: where one is visible, the map has a thing or the ground; both occur.
        var onThing = 0
        for point in 0..<200 where !truth.isOccluded(point, 2) {
            let p = truth.position(point, 2) * SIMD2(128, 96)
            if map.values[Int(p.y) * 128 + Int(p.x)] > 0 { onThing += 1 }
        }
        #expect(onThing > 30)
    }

    @Test func reportsCarryTheAgreement() throws {
        var scorer = SequenceScorer(frameCount: 6)
        let truth = Mask(width: 4, height: 2, values: [1, 1, 1, 1, 0, 0, 0, 0])
        for frame in 0..<6 {
            var mask = truth
            for x in 0..<min(3, frame) { mask[x, 0] = false }
            scorer.add(frame: frame, prediction: mask, truth: truth, confidence: 1 - Float(frame) / 10)
        }
        let report = DAVISReport(["a": scorer.score])
        // The first and the last frame do not count.
        #expect(report.sequences["a"]?.confidence?.frames == 4)
        #expect((report.mean.confidence?.rankCorrelation ?? 0) > 0.9)
        #expect(String(decoding: try report.json(), as: UTF8.self).contains("rankCorrelation"))
        var plain = SequenceScorer(frameCount: 3)
        plain.add(frame: 1, prediction: truth, truth: truth)
        #expect(DAVISReport(["a": plain.score]).mean.confidence == nil)
    }
}
