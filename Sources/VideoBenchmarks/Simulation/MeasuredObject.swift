import Media
import SAMPT

/// An object's masks beside the truth, frame by frame. Only what changes is measured again.
struct MeasuredObject {
    let frames: ClosedRange<Int>
    private let truths: [BitMask?]
    private let boundaries: [BitMask?]
    private var runs: [RunLengthMask?]
    private var masks: [BitMask?]
    /// By place in the video; of frames without truth, and those before the first, nothing is known.
    private(set) var j: [Double]
    private(set) var f: [Double]

    init(_ task: SimulationTask) {
        (frames, truths) = (task.frames, task.truths)
        boundaries = truths.map { $0?.boundary }
        runs = truths.map { _ in nil }
        masks = truths.map { _ in nil }
        let empty = truths.map { truth -> Double in truth.map { $0.isEmpty ? 1 : 0 } ?? .nan }
        (j, f) = (empty, empty)
    }

    /// The frames that are measured.
    var measured: [Int] { frames.filter { truths[$0] != nil } }

    func truth(_ frame: Int) -> BitMask? { truths[frame] }

    func mask(_ frame: Int) -> BitMask? { masks[frame] ?? truths[frame].map { BitMask(size: $0.size) } }

    /// Takes note of a frame's mask.
    /// - Parameter mask: nil: an empty one.
    mutating func update(_ frame: Int, _ mask: RunLengthMask?) {
        guard frames.contains(frame), let truth = truths[frame], let edge = boundaries[frame], runs[frame] != mask else { return }
        let bits = mask.map { BitMask($0.mask) } ?? BitMask(size: truth.size)
        guard bits.size == truth.size else { return }
        (runs[frame], masks[frame]) = (mask, bits)
        j[frame] = regionSimilarity(bits, truth)
        f[frame] = boundaryAccuracy(ofBoundary: bits.boundary, truthBoundary: edge)
    }

    /// Means over the measured frames.
    var means: (j: Double, f: Double) {
        let places = measured
        guard !places.isEmpty else { return (.nan, .nan) }
        let count = Double(places.count)
        return (places.reduce(0) { $0 + j[$1] } / count, places.reduce(0) { $0 + f[$1] } / count)
    }

    /// The share of the measured frames whose J is at least so much.
    func share(reaching threshold: Double) -> Double {
        let places = measured
        return places.isEmpty ? .nan : Double(places.count { j[$0] >= threshold }) / Double(places.count)
    }
}
