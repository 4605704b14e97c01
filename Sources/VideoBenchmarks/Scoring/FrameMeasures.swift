import Media

/// J and F of one object in one frame.
struct FrameMeasure: Sendable, Equatable {
    var j: Double
    var f: Double
    /// Whether the truth shows the object.
    var isVisible: Bool
    var isPredicted: Bool

    /// Neither shows it.
    static let bothEmpty = FrameMeasure(j: 1, f: 1, isVisible: false, isPredicted: false)
}

/// What is measured of one frame, whatever the benchmark.
struct FrameMeasures: Sendable {
    /// By id, those that truth or result has.
    var objects: [Int: FrameMeasure] = [:]
    /// False for a frame whose truth cannot be read; it counts for nobody.
    var hasTruth = true
    /// Whether the truth has 255 that is no object.
    var hasVoid = false

    func measure(of object: Int) -> FrameMeasure { objects[object] ?? .bothEmpty }

    init() {}

    /// - Precondition: equal sizes.
    init(prediction: ObjectPlanes, truth: ObjectPlanes) {
        for id in Set(prediction.masks.keys).union(truth.masks.keys) {
            let (found, wanted) = (prediction.masks[id], truth.masks[id])
            let empty = BitMask(size: truth.size)
            let (a, b) = (found ?? empty, wanted ?? empty)
            objects[id] = FrameMeasure(
                j: regionSimilarity(a, b), f: boundaryAccuracy(a, b), isVisible: wanted.map { !$0.isEmpty } ?? false,
                isPredicted: found.map { !$0.isEmpty } ?? false)
        }
    }
}

/// A sequence's frames as measured.
struct SequenceMeasures: Sendable {
    let name: String
    /// Of the truth.
    let frames: [String]
    /// By place in `frames`; nil for frames that no rule asks for.
    var measures: [FrameMeasures?]
    /// The truth's ids in its first frame, void left out.
    var firstIDs: [Int]
    /// The objects' names in folders.
    var labels: [Int: String] = [:]
    /// Where each object has a folder, the frames that the truth has of it.
    var framesOfObjects: [Int: Set<String>] = [:]
    var hasResults = true
}
