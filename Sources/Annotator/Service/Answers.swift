import Media
import SAMPT

/// What the page is told, as JSON.

struct ProjectAnswer: Encodable {
    struct Video: Encodable {
        var name: String
        var path: String
        /// What tells it from other videos.
        var key: String
        var width: Int
        var height: Int
        var frames: Int
        /// Frames a second, as a fraction.
        var rate: [Int]
    }

    struct Models: Encodable {
        var segmenter: String
        var tracker: String
        /// Why nothing can be computed; null: it can.
        var missing: String?
    }

    struct Format: Encodable {
        var name: String
        var title: String
        var isFolder: Bool
        /// With the dot; empty for folders.
        var fileExtension: String
        var loses: String
        var reads: Bool
    }

    var video: Video
    var models: Models
    var formats: [Format]
    var version: String
}

struct StateAnswer: Encodable {
    /// As `FrameNews` numbers changes of masks: all that are known of.
    var version: Int
    struct Object: Encodable {
        var id: ObjectID
        var name: String
        var color: String
        var category: String?
        var anchors: [Int]
    }

    struct Propagation: Encodable {
        var number: Int
        var done: Int
        var total: Int
        var seconds: Double
    }

    var revision: Int
    var objects: [Object]
    var order: [ObjectID]?
    var canUndo: Bool
    var canRedo: Bool
    var propagation: Propagation?
}

struct TimelineAnswer: Encodable {
    struct Strip: Encodable {
        var id: ObjectID
        /// A byte a frame in base 64: 0 where nothing is known, 1 where the object is not seen, else how sure its mask is, 2 to 255 for
        /// 0 to 1.
        var frames: String
        var outdated: [[Int]]
        var anchors: [Int]
    }

    struct Review: Encodable {
        var frame: Int
        var object: ObjectID
        var confidence: Float
        /// What to look for, in a few words.
        var reason: String?
    }

    var revision: Int
    var objects: [Strip]
    var review: [Review]
}

struct MasksAnswer: Encodable {
    struct Object: Encodable {
        var id: ObjectID
        /// Run lengths in COCO's compressed form; null where the object is not seen.
        var rle: RunLengthMask?
        var confidence: Float?
        var anchor: Bool
        var outdated: Bool
        var points: [Track]
        var prompts: Prompts
    }

    struct Track: Encodable {
        var track: Int
        var x: Float
        var y: Float
        var positive: Bool
        var visible: Bool

        init(_ point: PromptPoint) {
            (track, x, y) = (point.id, point.position.x, point.position.y)
            (positive, visible) = (point.isPositive, point.isVisible)
        }
    }

    struct Prompts: Encodable {
        struct Click: Encodable {
            var id: Int
            var x: Float
            var y: Float
            var positive: Bool
        }

        struct Stroke: Encodable {
            /// [x, y, x, y, ...]
            var path: [Float]
            /// Of a lasso: null.
            var radius: Float?
            var erases: Bool

            init(_ stroke: BrushStroke) {
                path = stroke.path.flatMap { [$0.x, $0.y] }
                (radius, erases) = (stroke.isLasso ? nil : stroke.radius, stroke.erases)
            }
        }

        var points: [Click] = []
        var box: [Float]?
        /// In the order in which they were made.
        var strokes: [Stroke] = []
        var hasMask = false
        var choice: Int?
    }

    var frame: Int
    /// As `FrameNews` numbers changes: those up to this one are in the masks.
    var version: Int
    var objects: [Object]
}

struct TracksAnswer: Encodable {
    /// By frame.
    var frames: [String: [MasksAnswer.Track]]
}

struct PreviewAnswer: Encodable {
    var rle: RunLengthMask?
    var score: Float?
}

struct CandidatesAnswer: Encodable {
    struct Candidate: Encodable {
        var index: Int
        var score: Float
        var rle: RunLengthMask
    }

    var candidates: [Candidate]
}

struct ChangeAnswer: Encodable {
    var revision: Int
    /// All that changed: a new object is not the only one where it lies on top of others.
    var objects: [ObjectID]
    /// The new object.
    var added: ObjectID?
    var frames: [Int]?
    /// As `FrameNews` numbers changes.
    var version: Int
    /// Whether an undo has cancelled what was being tracked, instead of taking something back.
    var hasCancelled: Bool?
    var canUndo: Bool
    var canRedo: Bool
    /// Of the frame that the page shows, where they have changed and were there soon.
    var masks: MasksAnswer?
}

struct ProgressNews: Encodable {
    var number: Int
    var done: Int
    var total: Int
    var seconds: Double
}

struct EndNews: Encodable {
    var number: Int
    var ending: String
    var error: String?
}

struct ExportNews: Encodable {
    var export: Int
    var done: Int
    var total: Int
    var path: String?
    var download: String?
    var error: String?
}

struct ImportAnswer: Encodable {
    var objects: [ObjectID]
    var masks: Int
}
