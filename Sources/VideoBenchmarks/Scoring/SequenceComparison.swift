import Media
import Support

/// One sequence of truth and results, about to be measured frame by frame.
struct SequenceComparison: Sendable {
    let truth: MaskFolder.Sequence
    /// Nil: there are none, and every mask counts as empty.
    let results: MaskFolder.Sequence?
    let rules: ScoringRules
    /// Whether everything above 0 is one object.
    let isOneObject: Bool
    /// The ids of the truth's first frame; empty when it cannot be read.
    let firstIDs: [Int]
    /// Places of the frames that count for some object.
    let places: Range<Int>
    /// Frames that count for some object, where not all in `places` do.
    let wanted: Set<String>?
    /// The one id of the truth's first frame; nil where there are none or several.
    private let level: Int?
    private(set) var findings = FindingCounter()

    static let void = 255
    static let single = 1

    /// - Parameter wanted: the frames that the data set's description lists; nil: there is none.
    init(truth: MaskFolder.Sequence, results: MaskFolder.Sequence?, rules: ScoringRules, wanted: Set<String>?) {
        let results = results?.aligned(with: truth)
        (self.truth, self.results, self.rules, self.wanted) = (truth, results, rules, wanted)
        places = rules.frames == .inner ? 1..<max(1, truth.frames.count - 1) : 0..<truth.frames.count
        var (ids, levels): ([Int], ScoringRules.Levels) = ([], rules.levels)
        do {
            ids = try truth.planes(truth.frames[0]).masks.keys.sorted()
        } catch {
            findings.note(.unreadableTruth, "the truth's first frame cannot be read: \(error)")
        }
        if levels == .automatic {
            levels = ids == [Self.void] && truth.layout == .index ? .oneObject : .void
            if levels == .oneObject { findings.note(.mergedObjects, "the truth is 0 and 255; everything above 0 is taken as one object") }
        }
        level = ids.count == 1 && truth.layout == .index ? ids[0] : nil
        isOneObject = levels == .oneObject
        firstIDs = isOneObject ? [Self.single] : ids.filter { $0 != Self.void || truth.layout != .index }
        if let results { compareFolders(results) }
    }

    private mutating func compareFolders(_ results: MaskFolder.Sequence) {
        if (truth.layout == .index) != (results.layout == .index) {
            findings.note(.layoutDiffers, "truth and results differ in layout: one has a folder for each object, the other index PNGs")
        }
        for frame in results.surplusFrames(beside: truth, expectsBetween: rules.expectsFramesBetween) {
            findings.note(.surplusFrame, Self.surplusFrame(frame))
        }
    }

    static func surplusFrame(_ frame: String) -> String {
        "the results have a frame \(frame) that the truth does not have; it is not scored"
    }

    /// Measures one frame.
    /// - Returns: nil for a frame that counts for no object.
    /// - Throws: `ScoringError.surplusObject` where the rules refuse it.
    func measure(_ place: Int, _ findings: inout FindingCounter, _ cost: inout ScoringCost) throws -> FrameMeasures? {
        let frame = truth.frames[place]
        guard places.contains(place), wanted?.contains(frame) ?? true else { return nil }
        let start = ContinuousClock.now
        var wantedPlanes: ObjectPlanes
        do { wantedPlanes = try truth.planes(frame) } catch {
            findings.note(.unreadableTruth, "the truth of frame \(frame) cannot be read, and the frame is not scored: \(error)")
            var measures = FrameMeasures()
            measures.hasTruth = false
            return measures
        }
        if rules.refusesSurplusObjects, firstIDs.isEmpty, level == Self.void { throw ScoringError.binaryTruth(sequence: truth.name) }
        let ids = wantedPlanes.masks.keys.sorted()
        var hasVoid = false
        if isOneObject {
            wantedPlanes.merge(as: Self.single)
        } else if truth.layout == .index {
            hasVoid = wantedPlanes.masks.removeValue(forKey: Self.void) != nil
        }
        let found = prediction(of: frame, size: wantedPlanes.size, truth: ids, &findings)
        if rules.refusesSurplusObjects, let id = found.masks.keys.filter({ $0 > firstIDs.max() ?? 0 }).min() {
            throw ScoringError.surplusObject(sequence: truth.name, frame: frame, id: id)
        }
        let middle = ContinuousClock.now
        var measures = FrameMeasures(prediction: found, truth: wantedPlanes)
        measures.hasVoid = hasVoid
        cost.frames += 1
        cost.masks += results == nil ? 1 : 2
        cost.readingSeconds += (middle - start).seconds
        cost.measuringSeconds += middle.secondsAgo
        return measures
    }

    private func prediction(
        of frame: String, size: ImageSize, truth wanted: [Int], _ findings: inout FindingCounter
    ) -> ObjectPlanes {
        let empty = ObjectPlanes(size: size)
        guard let results else { return empty }
        guard results.has(frame) else {
            findings.note(.missingFrame, "the results have no frame \(frame); it counts as empty")
            return empty
        }
        var planes: ObjectPlanes
        do { planes = try results.planes(frame) } catch {
            findings.note(.unreadableResult, "the result of frame \(frame) cannot be read and counts as empty: \(error)")
            return empty
        }
        noteMissingFiles(of: frame, results, &findings)
        guard planes.size == size else {
            findings.note(.sizeDiffers, "frame \(frame) is \(planes.size) in the results and \(size) in the truth; it counts as empty")
            return empty
        }
        settleLevels(&planes, frame: frame, layout: results.layout, truth: wanted, &findings)
        return planes
    }

    /// With a folder an object, a frame may lack in one of them.
    private func noteMissingFiles(of frame: String, _ results: MaskFolder.Sequence, _ findings: inout FindingCounter) {
        for object in results.framesOfObjects.keys.sorted() where results.framesOfObjects[object]?.contains(frame) != true {
            guard truth.layout == .index || truth.framesOfObjects[object]?.contains(frame) == true else { continue }
            findings.note(
                .missingFrame, "the results of object \(results.label(of: object)) have no frame \(frame); it counts as empty")
        }
    }

    /// Results in 0 and 255, or with several ids for the one object.
    /// - Parameter wanted: the truth's ids in this frame.
    private func settleLevels(
        _ planes: inout ObjectPlanes, frame: String, layout: MaskFolder.Layout, truth wanted: [Int], _ findings: inout FindingCounter
    ) {
        let ids = planes.masks.keys.sorted()
        if isOneObject {
            if ids.count > 1 {
                findings.note(.mergedObjects, "the result of frame \(frame) has the ids \(Self.list(ids)); all are taken as the one object")
            }
            let truth = wanted.isEmpty ? level : wanted.count == 1 ? wanted[0] : nil
            if layout == .index, !rules.expectsOtherLevels, ids.count == 1, let truth, Set(ids + [truth]) == [Self.single, Self.void] {
                findings.note(
                    .levels, "the result of frame \(frame) is 0 and \(ids[0]), the truth 0 and \(truth); both are taken as one object")
            }
            planes.merge(as: Self.single)
        } else if layout == .index, ids == [Self.void], !rules.refusesSurplusObjects, !wanted.contains(Self.void) {
            findings.note(.levels, "the result of frame \(frame) is 0 and 255 where the truth has ids; 255 is read as 1")
            planes.merge(as: Self.single)
        }
    }

    static func list(_ ids: [Int]) -> String { ids.prefix(8).map(String.init).joined(separator: ", ") + (ids.count > 8 ? ", ..." : "") }
}
