import Inference
import Segmenters
import TensorFiles

/// A family of point trackers: how it is called, how its checkpoints are recognised and made into trackers, and what it can.
///
/// `all` is the one table of them: the command line, presets, messages and checks of checkpoints take their names from it.
public struct TrackerFamily: Sendable {
    /// For people: "CoTracker 2".
    public let title: String
    /// As on the command line; of a family without a tracker of its own, the file's name in the store.
    public let name: String
    /// As the reference implementation's configuration calls it; nil for those it does not have.
    public let referenceName: String?
    /// Whether its trackers can follow a live source (`PointTracker.isCausal`).
    public let isCausal: Bool
    /// The parts whose precision can be chosen; none without a network.
    public let parts: [ModelPart]
    /// Names of its published checkpoints. One that begins with `name` alone stands for the first of them.
    public let published: [String]
    let source: Source

    /// What its trackers are made of.
    enum Source: Sendable {
        /// Of what comes with the package.
        case builtIn(@Sendable (any InferenceEngine, NanoFrameEncoder, Precision) throws -> any PointTracker)
        /// Of nothing.
        case classic(@Sendable () -> any PointTracker)
        /// Of a checkpoint, by its weights as they are in the file.
        case checkpoint(
            recognises: @Sendable (any TensorSource) -> Bool,
            make: @Sendable (Weights, any InferenceEngine, Precision) throws -> any PointTracker
        )
        /// Of a checkpoint of its own and one of `detector`.
        case pair(recognises: @Sendable (any TensorSource) -> Bool)
        /// The half of one.
        case detector(recognises: @Sendable (any TensorSource) -> Bool)
    }

    private init(
        _ title: String, name: String, referenceName: String? = nil, isCausal: Bool = false, parts: [ModelPart] = [.tracker],
        published: [String] = [], source: Source
    ) {
        (self.title, self.name, self.referenceName, self.isCausal) = (title, name, referenceName, isCausal)
        (self.parts, self.published, self.source) = (parts, published, source)
    }
}

extension TrackerFamily {
    public static let nanoTrack = TrackerFamily(
        "NanoTrack", name: "nano", isCausal: true, parts: [.encoder, .head],
        source: .builtIn { try NanoTrack(engine: $0, encoder: $1, precision: $2) })
    public static let lucasKanade = TrackerFamily(
        "Lucas-Kanade", name: "lucas-kanade", isCausal: true, parts: [], source: .classic { LucasKanadeTracker() })
    public static let coTracker1 = TrackerFamily(
        "CoTracker 1", name: "cotracker", referenceName: "cotracker",
        published: ["cotracker-s4-w8", "cotracker-s4-w12", "cotracker-s8-w16"],
        source: .checkpoint(recognises: CoTracker1.recognises) { weights, engine, precision in
            let exact = exact(precision)
            return try CoTracker1(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        })
    public static let coTracker2 = TrackerFamily(
        "CoTracker 2", name: "cotracker2", published: ["cotracker-2", "cotracker-2.1"],
        source: .checkpoint(recognises: CoTracker2.recognises) { weights, engine, precision in
            let exact = exact(precision)
            return try CoTracker2(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        })
    public static let coTracker3 = TrackerFamily(
        "CoTracker 3", name: "cotracker3", published: ["cotracker-3", "cotracker-3-online"],
        source: .checkpoint(recognises: CoTracker3.recognises) { weights, engine, precision in
            let exact = exact(precision)
            return try CoTracker3(weights: weights.withoutModulePrefix, engine: engine, precision: exact, updaterPrecision: exact)
        })
    public static let pips = TrackerFamily(
        "PIPs", name: "pips", referenceName: "pips", published: ["pips"],
        source: .checkpoint(recognises: PIPsTracker.recognises) { try PIPsTracker(weights: $0, engine: $1, precision: $2) })
    public static let pipsPlusPlus = TrackerFamily(
        "PIPs++", name: "pips++", referenceName: "pips_plus_plus", published: ["pips++"],
        source: .checkpoint(recognises: PIPsPlusPlusTracker.recognises) { try PIPsPlusPlusTracker(weights: $0, engine: $1, precision: $2) })
    public static let raft = TrackerFamily(
        "RAFT", name: "raft", referenceName: "raft", isCausal: true,
        published: ["raft-things", "raft-chairs", "raft-kitti", "raft-sintel", "raft-small"],
        source: .checkpoint(recognises: RAFTTracker.recognises) { try RAFTTracker(weights: $0, engine: $1, precision: $2) })
    public static let tapir = TrackerFamily(
        "TAPIR", name: "tapir", referenceName: "tapir", published: ["tapir", "bootstapir"],
        source: .checkpoint(recognises: TAPIR.recognises) { try TAPIR(weights: $0, engine: $1, precision: $2) })
    public static let tapNet = TrackerFamily(
        "TapNet", name: "tapnet", referenceName: "tapnet", published: ["tapnet", "tapnet-full"],
        source: .checkpoint(recognises: TapNet.recognises) { try TapNet(weights: $0, engine: $1, precision: $2) })
    public static let superGlue = TrackerFamily(
        "SuperGlue", name: "superglue", referenceName: "superglue", isCausal: true, published: ["superglue-outdoor", "superglue-indoor"],
        source: .pair(recognises: SuperGlueTracker.recognises))
    public static let superPoint = TrackerFamily(
        "SuperPoint", name: "superpoint", published: ["superpoint"],
        source: .detector(recognises: SuperGlueTracker.recognisesDetector))

    /// The table. Checkpoints are recognised by the first whose tensors they have.
    public static let all: [TrackerFamily] = [
        nanoTrack, lucasKanade, coTracker1, coTracker2, coTracker3, pips, pipsPlusPlus, raft, tapir, tapNet, superGlue, superPoint,
    ]

    /// What CoTracker gets wrong in one window is where the next starts: in bfloat16, tracks are off by pixels in the end.
    private static func exact(_ precision: Precision) -> Precision { precision == .automatic ? .float32 : precision }
}

extension TrackerFamily {
    /// Whether its trackers need no checkpoint.
    public var isBuiltIn: Bool {
        switch source {
        case .builtIn, .classic: true
        case .checkpoint, .pair, .detector: false
        }
    }

    /// The family whose checkpoint is needed beside one of this family; nil for those that need one alone.
    public var detector: TrackerFamily? {
        if case .pair = source { .superPoint } else { nil }
    }

    /// Whether its checkpoints are trackers, alone or with that of `detector`.
    public var isTracker: Bool {
        if case .detector = source { false } else { true }
    }

    /// Whether a checkpoint holds its network, judged by names and shapes of tensors.
    public func recognises(_ source: any TensorSource) -> Bool {
        switch self.source {
        case .builtIn, .classic: false
        case .checkpoint(let recognises, _), .pair(let recognises), .detector(let recognises): recognises(source)
        }
    }

    /// The family whose network a checkpoint holds; nil for an unknown one.
    public init?(of source: any TensorSource) {
        guard let found = Self.all.first(where: { $0.recognises(source) }) else { return nil }
        self = found
    }

    /// The family of a published checkpoint.
    public init?(published name: String) {
        guard let found = Self.all.first(where: { $0.published.contains(name) }) else { return nil }
        self = found
    }
}

extension TrackerFamily {
    /// Those whose trackers can follow a live source, as in "nano, lucas-kanade, raft or superglue".
    public static var causalNames: String {
        let names = all.filter { $0.isCausal && $0.isTracker }.map(\.name)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}

extension TrackerFamily: Equatable {
    public static func == (a: TrackerFamily, b: TrackerFamily) -> Bool { a.name == b.name }
}
