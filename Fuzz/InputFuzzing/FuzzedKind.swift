import Foundation
import TestSupport

/// What the program reads from outside, by the code that reads it.
public enum FuzzedKind: String, CaseIterable, Sendable {
    /// Video files: containers, and streams without one.
    case videos
    /// YUV4MPEG2 and bare bytes, as live sources.
    case streams
    /// PNG, JPEG and other pictures.
    case pictures
    /// PNGs as index masks.
    case masks
    /// Objects marked in JSON and in query-point text.
    case prompts
    /// Tracks, and COCO's run lengths, in JSON.
    case tracks
    /// Annotation formats: JSON, XML and text.
    case annotations
    /// Presets in YAML.
    case presets
    /// TAP-Vid's pickles.
    case tapvid
    /// Files of tensors.
    case checkpoints

    /// The same fuzzing wherever it runs with the same FFmpeg, whose encoders make some of the files to start from.
    public func makeFuzzing() throws -> any InputFuzzing {
        switch self {
        case .videos: try VideoFuzzing()
        case .streams: try StreamFuzzing()
        case .pictures: try PictureFuzzing(readsMasks: false)
        case .masks: try PictureFuzzing(readsMasks: true)
        case .prompts: PromptFuzzing()
        case .tracks: try TrackFuzzing()
        case .annotations: try AnnotationFuzzing()
        case .presets: try PresetFuzzing()
        case .tapvid: TAPVidFuzzing()
        case .checkpoints: CheckpointFuzzing()
        }
    }

    /// Pictures may have 16384 x 16384 pixels, and FFmpeg keeps several.
    public var memoryLimit: UInt64 {
        switch self {
        case .videos, .streams, .pictures, .masks: 12 << 30
        default: 4 << 30
        }
    }

    /// The most that one input may take.
    public var secondsLimit: (processor: Double, clock: Double) {
        switch self {
        case .videos, .streams, .pictures, .masks: (60, 300)
        default: (5, 60)
        }
    }
}

/// Mutated inputs of one kind, and reading them as the program would.
public protocol InputFuzzing: Sendable {
    /// What inputs are made from.
    var seeds: [[UInt8]] { get }
    /// The input of a number: the same for equal seeds.
    func input(_ number: UInt64, seed: UInt64) -> Data
    /// Reads an input.
    /// - Returns: whether it could be read. Errors of the documented types are what damaged inputs should give.
    /// - Throws: what is a defect: errors of other types, results that contradict themselves.
    func read(_ data: Data) throws -> Bool
}

extension InputFuzzing {
    /// Tells whether two machines make the same inputs.
    public var checksum: String {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in seeds.joined() { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(sum, radix: 16)
    }
}

/// A result that contradicts itself.
struct Defect: Error {
    var what: String

    static func unless(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw Defect(what: what()) }
    }
}

/// A file for readers that take a path; removed with its owner.
final class ScratchFile: Sendable {
    let folder: URL
    let url: URL
    var path: String { url.path }

    init(_ name: String) throws {
        folder = try Fixtures.temporaryFolder()
        url = folder.appendingPathComponent(name)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ data: Data) throws { try data.write(to: url) }
}
