/// Which objects and frames a benchmark counts, and how it averages. Facts: the official programs (davis2017-evaluation ac7c43f,
/// vos-benchmark acb4733, sam-pt's bdd100keval.py 874ff7e), compared in the fixture tests.
public struct ScoringRules: Sendable, Equatable {
    public enum Objects: Sendable, Equatable {
        /// The ids of the truth's first frame.
        case firstFrame
        /// All from 1 to the largest in the truth's first frame, also those that no frame has (the official DAVIS program).
        case upToLargestInFirstFrame
        /// Those that the truth has in a frame that counts.
        case scoredFrames
        /// Those that the truth has in any frame.
        case anyFrame
        /// Those that the data set's description lists.
        case described
    }

    public enum Frames: Sendable, Equatable {
        /// All but the first and the last (DAVIS, semi-supervised).
        case inner
        case all
        /// For each object those after its first appearance, to the last (BDD100K).
        case afterAppearance
        /// For each object those that the description lists, but for its first (YouTube-VOS).
        case described
    }

    /// What becomes of the truth's 255.
    public enum Levels: Sendable, Equatable {
        /// A truth of 0 and 255 is one object; beside other ids 255 is void, and background.
        case automatic
        /// Everything above 0 is the one object, in truth and results (DAVIS 2016).
        case oneObject
        /// 255 is background (DAVIS 2017).
        case void
    }

    public var objects: Objects
    public var frames: Frames
    public var levels = Levels.automatic
    /// Whether a predicted id that the truth does not have ends the scoring, as in the official DAVIS program.
    public var refusesSurplusObjects = false
    /// Whether an object's frames count from the first on in which truth or result has it (vos-benchmark, SA-V).
    public var startsAtFirstSight = false
    /// Whether results have frames between those of the truth as a rule (data sets that annotate every n-th frame).
    public var expectsFramesBetween = false
    /// Whether 0/1 against 0/255 is as it should be (masks of our own, whose ids count from 1, beside DAVIS 2016's).
    public var expectsOtherLevels = false

    public init(objects: Objects, frames: Frames) { (self.objects, self.frames) = (objects, frames) }
}

/// The benchmarks whose rules are known.
public enum ScoringProtocol: String, Sendable, CaseIterable, Codable {
    /// Objects of the first frame, frames 1 to n - 2; what DAVIS 2016, DAVIS 2017 and MOSE come to on well-formed data, whatever the ids.
    case davis
    /// As the official program for DAVIS 2017 (semi-supervised), also where ids have gaps.
    case davis2017
    /// One object: everything above 0.
    case davis2016
    /// As the official program for DAVIS 2017 and 2019, unsupervised: proposals are assigned to objects.
    case davisUnsupervised = "davis-unsupervised"
    case youTubeVOS = "youtube-vos"
    case mose
    case bdd100k
    /// A PNG for each object; every object from where it is first seen.
    case saV = "sa-v"
    case lvos
    /// As vos-benchmark: all objects of the scored frames, each from where it is first seen.
    case vosBenchmark = "vos-benchmark"

    public var rules: ScoringRules {
        var rules = ScoringRules(objects: .firstFrame, frames: .inner)
        switch self {
        case .davis, .mose: break
        case .davis2017:
            rules.objects = .upToLargestInFirstFrame
            rules.levels = .void
            rules.refusesSurplusObjects = true
        case .davis2016:
            rules.levels = .oneObject
        case .davisUnsupervised:
            rules = ScoringRules(objects: .upToLargestInFirstFrame, frames: .all)
            rules.levels = .void
        case .youTubeVOS:
            rules = ScoringRules(objects: .described, frames: .described)
            rules.expectsFramesBetween = true
        case .bdd100k:
            rules = ScoringRules(objects: .anyFrame, frames: .afterAppearance)
        case .saV, .vosBenchmark:
            rules = ScoringRules(objects: .scoredFrames, frames: .inner)
            rules.startsAtFirstSight = true
            rules.expectsFramesBetween = true
        case .lvos:
            rules = ScoringRules(objects: .described, frames: .described)
            rules.expectsFramesBetween = true
        }
        return rules
    }
}
