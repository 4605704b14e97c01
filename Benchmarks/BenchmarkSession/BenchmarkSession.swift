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
///     benchmark-session memory COUNT                # resident memory after propagating over COUNT frames
///     benchmark-session quality DAVIS               # J&F before and after correcting each clip's worst frame, both policies
///
/// FRAMES is a video or a folder of pictures; X and Y are a point on an object in its first frame.
@main
struct BenchmarkSession {
    struct Usage: Error, CustomStringConvertible {
        let description = "usage: benchmark-session click|correction|speed FRAMES X Y | memory COUNT | quality DAVIS"
    }

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let what = arguments.first else { throw Usage() }
        if what == "memory", arguments.count == 2, let count = Int(arguments[1]) { return try await memory(count) }
        if what == "quality", arguments.count == 2 { return try await SessionQuality(root: arguments[1]).run() }
        guard arguments.count == 4, let x = Float(arguments[2]), let y = Float(arguments[3]) else { throw Usage() }
        let frames = try openFrames(arguments[1])
        let clip = try SubrangeSource(frames, end: min(100, frames.frameCount))
        switch what {
        case "click": try await clicks(clip, SIMD2(x, y))
        case "correction": try await correction(clip, SIMD2(x, y))
        case "speed": try await speed(clip, SIMD2(x, y))
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
        for policy in CorrectionPolicy.allCases {
            let session = try AnnotationSession(models(), video: clip)
            try await mark(session, point)
            _ = try await propagate(session, Propagation(policy: policy))
            let all = try await propagate(session, Propagation(policy: policy, recomputesAll: true))
            for (frame, name) in [(70, "first"), (40, "second")] {
                let near = try await session.tracks(of: 1, in: frame...frame)[frame]?.first { $0.isPositive }?.position ?? point
                try await session.apply(.addPoint(AnchorPlace(object: 1, frame: frame), point: nil, position: near, isPositive: true))
                _ = try await session.mask(of: 1, at: frame)
                let seconds = try await propagate(session, Propagation(policy: policy))
                print(String(format: "%@: %@ correction, frame %d: %.2f s; all: %.2f s", policy.rawValue, name, frame, seconds, all))
            }
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

    private static func memory(_ count: Int) async throws {
        let clip = SlidingSquare(frameCount: count)
        let session = try AnnotationSession(models(), video: clip, featureBudget: 256 << 20)
        try await session.apply(.addObject(object: 1))
        try await session.apply(.addPoint(AnchorPlace(object: 1, frame: 0), point: nil, position: SIMD2(60, 60), isPositive: true))
        _ = try await propagate(session)
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let lines = status.split(separator: "\n").filter { $0.hasPrefix("VmRSS") || $0.hasPrefix("VmHWM") }
        print("\(count) frames: " + lines.map { $0.replacingOccurrences(of: "\t", with: " ") }.joined(separator: ", "))
    }
}

/// A bright square that slides over a striped ground and comes back.
private struct SlidingSquare: FrameSource {
    let frameCount: Int
    let size = ImageSize(width: 192, height: 128)
    let name = "square"
    var timing: VideoTiming { VideoTiming(constantRate: 25, count: frameCount) }

    func frame(at index: Int) -> RGBImage {
        var image = RGBImage(width: size.width, height: size.height, red: 70, green: 90, blue: 110)
        let shift = abs((index % 80) - 40)
        for y in 0..<size.height {
            for x in 0..<size.width {
                if (40 + shift..<80 + shift).contains(x), (40..<80).contains(y) {
                    image[x, y] = (230, 200, 60)
                } else if (x / 8 + y / 8) % 2 == 0 {
                    image[x, y] = (60, 80, 100)
                }
            }
        }
        return image
    }
}
