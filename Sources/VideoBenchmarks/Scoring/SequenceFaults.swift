/// What the names of a sequence's files and folders tell to be wrong.
extension MaskFolder.Sequence {
    /// Folders that do not count, and masks that an object lacks between its first and its last one. An object may begin later than others,
    /// or end earlier.
    var faults: [ScoringFinding] { leftOutFindings + holeFindings }

    /// Of folders that do not count.
    var leftOutFindings: [ScoringFinding] {
        guard let first = leftOut.first else { return [] }
        let others = leftOut.count > 1 ? ", and so are \(leftOut.count - 1) more" : ""
        let finding =
            layout == .index
            ? ScoringFinding(
                .layoutDiffers, name, count: leftOut.count,
                "\(path) holds index PNGs, which count; the folder \(first) of PNGs beside them is left out\(others)")
            : ScoringFinding(.emptySequence, name, count: leftOut.count, "\(path)/\(first) holds no masks and is left out\(others)")
        return [finding]
    }

    private var holeFindings: [ScoringFinding] {
        var missing: [String] = []
        for (object, own) in framesOfObjects.sorted(by: { $0.key < $1.key }) {
            let places = frames.indices.filter { own.contains(frames[$0]) }
            let holes = Self.holes(in: places)
            // Where more are missing than there are, that is the rule.
            if holes.count < places.count { missing += holes.map { file(frames[$0], object: object) } }
        }
        guard let first = missing.first else { return [] }
        return [
            ScoringFinding(
                .missingFrame, name, count: missing.count,
                "\(missing.count) frames between an object's first and last mask have none, and do not count for it (the first is \(first))"
            )
        ]
    }

    /// Where all places, or every n-th, are taken but for some: those.
    /// - Parameter places: ascending.
    static func holes(in places: [Int]) -> [Int] {
        let steps = zip(places, places.dropFirst()).map { $1 - $0 }
        let counts = Dictionary(grouping: steps, by: { $0 }).mapValues(\.count)
        guard let step = counts.min(by: { ($1.value, $0.key) < ($0.value, $1.key) })?.key else { return [] }
        return zip(places, steps).flatMap { place, own in Array(stride(from: place + step, to: place + own, by: step)) }
    }
}
