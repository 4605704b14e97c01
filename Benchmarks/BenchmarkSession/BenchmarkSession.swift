import Foundation
import InferenceOpenVINO
import Media
import PointTrackers
import SAMPT
import Segmenters
import Support

/// What an editable run costs with the built-in models (Benchmarks/session.sh).
///
///     benchmark-session click FRAMES X Y            # milliseconds from a click to its mask, beside the decoder's own
///     benchmark-session correction FRAMES X Y       # a correction on frame 40 of 100 against a run of all
///     benchmark-session speed FRAMES X Y            # frames a second of propagate and of segment
///     benchmark-session batches FRAMES X Y          # the decoder for several objects: one after the other, and as many as it likes at
/// once
///     benchmark-session quality DAVIS               # J&F before and after correcting each clip's worst frame, both policies
///
/// FRAMES is a video or a folder of pictures; X and Y are a point on an object in its first frame.
@main
struct BenchmarkSession {
    struct Usage: Error, CustomStringConvertible {
        let description = "usage: benchmark-session click|correction|speed|batches FRAMES X Y | quality DAVIS"
    }

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let what = arguments.first else { throw Usage() }
        if what == "quality", arguments.count == 2 { return try await SessionQuality(root: arguments[1]).run() }
        guard arguments.count == 4, let x = Float(arguments[2]), let y = Float(arguments[3]) else { throw Usage() }
        let frames = try openFrames(arguments[1])
        let clip = try SubrangeSource(frames, end: min(100, frames.frameCount))
        switch what {
        case "click": try await clicks(clip, SIMD2(x, y))
        case "correction": try await correction(clip, SIMD2(x, y))
        case "speed": try await speed(clip, SIMD2(x, y))
        case "batches": try await batches(clip, SIMD2(x, y))
        default: throw Usage()
        }
    }

    static func models() throws -> VideoSegmenter {
        let engine = try OpenVINOEngine()
        let encoder = try NanoFrameEncoder(engine: engine)
        return VideoSegmenter(
            segmenter: try NanoPrompt(engine: engine, encoder: encoder), tracker: try NanoTrack(engine: engine, encoder: encoder))
    }

    static func mark(_ session: AnnotationSession, _ point: SIMD2<Float>) async throws {
        try await session.apply(.addObject(object: 1))
        try await session.apply(.addPoint(AnchorPlace(object: 1, frame: 0), point: nil, position: point, isPositive: true))
    }

    static func propagate(_ session: AnnotationSession, _ propagation: Propagation = .init()) async throws -> Double {
        let start = ContinuousClock.now
        for try await _ in session.propagate(propagation) {}
        return start.secondsAgo
    }

    private static func clicks(_ clip: any FrameSource, _ point: SIMD2<Float>) async throws {
        let models = try models()
        let session = try AnnotationSession(models, video: clip)
        try await mark(session, point)
        _ = try await propagate(session)
        let store = FrameStore(clip)
        var (whole, decoder): ([Double], [Double]) = ([], [])
        for place in 0..<60 {
            let frame = (7 * place) % clip.frameCount
            let near = point + SIMD2(Float(place % 5), Float(place % 3))
            // The frame is looked at before anybody clicks in it: decoding and encoding are not the click's.
            let encoded = try models.segmenter.frame(frame, of: store)
            _ = try await session.preview(of: 1, at: frame, adding: PointPrompt(near, isPositive: true))
            let prompt = [ObjectPrompt(points: [PointPrompt(near, isPositive: true)])]
            var start = ContinuousClock.now
            for _ in 0..<2 { _ = try encoded.predict(prompt) }
            decoder.append(1000 * start.secondsAgo)
            start = .now
            try await session.apply(.addPoint(AnchorPlace(object: 1, frame: frame), point: nil, position: near, isPositive: true))
            _ = try await session.mask(of: 1, at: frame)
            whole.append(1000 * start.secondsAgo)
            try await session.apply(.undo)
        }
        print("click to mask: \(summary(whole)); the decoder's two passes: \(summary(decoder))")
    }

    private static func summary(_ values: [Double]) -> String {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))] }
        return String(format: "median %.1f ms, 95 %% %.1f ms", quantile(0.5), quantile(0.95))
    }

    private static func correction(_ clip: any FrameSource, _ point: SIMD2<Float>) async throws {
        let models = try models()
        for policy in CorrectionPolicy.allCases {
            // The first run compiles networks.
            var (all, session) = (0.0, try AnnotationSession(models, video: clip))
            for _ in 0..<2 {
                session = try AnnotationSession(models, video: clip)
                try await mark(session, point)
                all = try await propagate(session, Propagation(policy: policy))
            }
            let frame = 40
            let near = try await session.tracks(of: 1, in: frame...frame)[frame]?.first { $0.isPositive }?.position ?? point
            let start = ContinuousClock.now
            try await session.apply(.addPoint(AnchorPlace(object: 1, frame: frame), point: nil, position: near, isPositive: true))
            _ = try await session.mask(of: 1, at: frame)
            let click = start.secondsAgo
            let seconds = try await propagate(session, Propagation(policy: policy))
            print(
                String(
                    format: "%@: all of %d frames %.2f s; click on frame %d %.0f ms, then %.2f s (%.2f of all)", policy.rawValue,
                    clip.frameCount, all, frame, 1000 * click, seconds, seconds / all))
            // The next one lies between two anchors.
            try await session.apply(.addPoint(AnchorPlace(object: 1, frame: 20), point: nil, position: near, isPositive: true))
            let second = try await propagate(session, Propagation(policy: policy))
            print(String(format: "%@: another one on frame 20 %.2f s (%.2f of all)", policy.rawValue, second, second / all))
        }
    }

    private static func batches(_ clip: any FrameSource, _ point: SIMD2<Float>) async throws {
        let models = try models()
        let frame = try models.segmenter.frame(0, of: FrameStore(clip))
        for count in [1, 3, 8] {
            let prompts = (0..<count).map { index in
                ObjectPrompt(points: [PointPrompt(point + SIMD2(Float(7 * index), Float(3 * index)), isPositive: true)])
            }
            var (together, apart): ([Double], [Double]) = ([], [])
            for turn in 0..<24 {
                var start = ContinuousClock.now
                _ = try frame.predict(prompts)
                let all = 1000 * start.secondsAgo
                start = .now
                for prompt in prompts { _ = try frame.predict([prompt]) }
                if turn > 3 { (together, apart) = (together + [all], apart + [1000 * start.secondsAgo]) }
            }
            var rates: [Double] = []
            for turn in 0..<2 {
                let queries = prompts.enumerated().map { ObjectQuery(id: $0.offset + 1, prompt: .points($0.element.points)) }
                let start = ContinuousClock.now
                for try await _ in models.segment(clip, objects: queries) {}
                if turn > 0 { rates.append(Double(clip.frameCount) / start.secondsAgo) }
            }
            print(
                "\(count) objects: at once \(summary(together)); one by one \(summary(apart)); segment "
                    + String(format: "%.2f frames/s", rates.max() ?? 0))
        }
    }

    private static func speed(_ clip: any FrameSource, _ point: SIMD2<Float>) async throws {
        let models = try models()
        let query = ObjectQuery(id: 1, prompt: .points([PointPrompt(point, isPositive: true)]))
        var (runs, sessions): ([Double], [Double]) = ([], [])
        for turn in 0..<5 {
            let start = ContinuousClock.now
            for try await _ in models.segment(clip, objects: [query]) {}
            let run = start.secondsAgo
            let session = try AnnotationSession(models, video: clip)
            try await mark(session, point)
            _ = try await session.mask(of: 1, at: 0)
            let seconds = try await propagate(session)
            // The first turn compiles networks.
            if turn > 0 { (runs, sessions) = (runs + [run], sessions + [seconds]) }
        }
        let rates = [runs, sessions].map { Double(clip.frameCount) / $0.sorted()[$0.count / 2] }
        print(String(format: "segment %.2f frames/s, propagate %.2f frames/s, %.3f", rates[0], rates[1], rates[1] / rates[0]))
    }
}
