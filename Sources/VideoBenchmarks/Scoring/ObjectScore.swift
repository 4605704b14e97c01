/// J and F of one object over the frames that count for it.
public struct ObjectScore: Sendable, Equatable {
    public var sequence: String
    public var object: Int
    /// What the object is called: its id, or its folder's name.
    public var label: String
    /// The frames that count, with J and F of each.
    public var frames: [String]
    public var jValues: [Double]
    public var fValues: [Double]
    /// Whether the truth shows the object in them.
    public var visible: [Bool]
    /// Frames in which it is visible, its first one included where that is given and does not count (BDD100K).
    public var visibleFrames: Int
    /// Whether it first appears in the last frame, where there is nothing to follow it through: all its values are 1 by definition.
    public var appearsLast = false
    public var category: String?
    /// Whether the category is among those of the training data, where the benchmark tells.
    public var isSeen: Bool?
    /// Of unsupervised scoring: the proposal that the object was assigned.
    public var proposal: Int?

    public init(
        sequence: String, object: Int, label: String, frames: [String], jValues: [Double], fValues: [Double], visible: [Bool],
        visibleFrames: Int? = nil
    ) {
        (self.sequence, self.object, self.label, self.frames) = (sequence, object, label, frames)
        (self.jValues, self.fValues, self.visible) = (jValues, fValues, visible)
        self.visibleFrames = visibleFrames ?? visible.count { $0 }
    }

    public var j: FrameStatistics { FrameStatistics(jValues) }
    public var f: FrameStatistics { FrameStatistics(fValues) }

    /// The means over the frames in which it is visible (or is not); NaN where there is none.
    public func means(whereVisible isVisible: Bool) -> (j: Double, f: Double) {
        guard !appearsLast else { return (1, 1) }
        func mean(_ values: [Double]) -> Double { FrameStatistics(zip(values, visible).filter { $1 == isVisible }.map(\.0)).mean }
        return (mean(jValues), mean(fValues))
    }
}

extension SequenceMeasures {
    /// The scores of the sequence's objects.
    func scores(_ rules: ScoringRules, described: [Int: DescribedObject]?, _ findings: inout FindingCounter) -> [ObjectScore] {
        let ids = objects(rules, described, &findings)
        if firstIDs.isEmpty, measures.contains(where: { $0?.hasVoid == true }),
            !measures.contains(where: { $0?.objects.contains { $0.value.isVisible } == true })
        {
            findings.note(.levels, "the truth is 0 and 255 where ids were to be expected; 255 is no object, and nothing is scored")
        }
        var scores: [ObjectScore] = []
        for id in ids {
            guard let score = score(of: id, rules, described?[id], &findings) else {
                findings.note(.noScoredFrame, "object \(labels[id] ?? String(id)) has no frame that counts; it is left out")
                continue
            }
            scores.append(score)
        }
        noteSurplus(ids, rules, &findings)
        return scores
    }

    private func objects(_ rules: ScoringRules, _ described: [Int: DescribedObject]?, _ findings: inout FindingCounter) -> [Int] {
        let known = Set(measures.compactMap { $0 }.flatMap { $0.objects.filter(\.value.isVisible).keys })
        let ids: [Int]
        switch rules.objects {
        case .firstFrame:
            ids = firstIDs
            noteGaps("no frame of the truth has an object %; it is not scored", known.union(firstIDs), ids.max() ?? 0, &findings)
        case .upToLargestInFirstFrame:
            let largest = firstIDs.max() ?? 0
            ids = largest > 0 ? Array(1...largest) : []
            noteGaps(
                "no frame of the truth has an object %; the official program counts it, with J = F = 1 wherever the results do not have it either",
                known.union(firstIDs), largest, &findings)
        case .scoredFrames: ids = known.sorted()
        case .anyFrame: ids = known.union(firstIDs).sorted()
        case .described:
            ids = (described ?? [:]).keys.sorted()
            for id in ids where !known.contains(id) && described?[id]?.frames.isEmpty == false {
                findings.note(.description, "the description lists an object \(id) that no scored frame of the truth has")
            }
        }
        if rules.objects != .described {
            for id in known.subtracting(ids).sorted() {
                findings.note(.lateObject, "object \(id) first appears after the first frame of the truth; the protocol does not score it")
            }
            // Where all are one, folders are no objects.
            for id in labels.keys.sorted() where rules.levels != .oneObject && !known.contains(id) && !ids.contains(id) {
                findings.note(
                    .absentObject, "no frame of the truth that counts shows object \(labels[id] ?? String(id)); it is not scored")
            }
        }
        return ids
    }

    private func noteGaps(_ message: String, _ known: Set<Int>, _ largest: Int, _ findings: inout FindingCounter) {
        // Where a folder an object is, numbers mean nothing.
        guard labels.isEmpty, largest > 0 else { return }
        for id in 1...min(largest, 65535) where !known.contains(id) {
            findings.note(.absentObject, message.replacing("%", with: String(id)))
        }
    }

    private func noteSurplus(_ ids: [Int], _ rules: ScoringRules, _ findings: inout FindingCounter) {
        let scored = Set(ids)
        var isPredicted = Set<Int>()
        for (place, frame) in measures.enumerated() {
            guard let frame else { continue }
            for (id, measure) in frame.objects where measure.isPredicted {
                isPredicted.insert(id)
                // One that appears late is told of already.
                guard !scored.contains(id), !measure.isVisible else { continue }
                findings.note(
                    .surplusObject, "frame \(frames[place]) of the results has an object \(id) that is not scored; it counts as background")
            }
        }
        guard hasResults else { return }
        for id in ids where !isPredicted.contains(id) && measures.contains(where: { $0?.objects[id]?.isVisible == true }) {
            findings.note(.missingObject, "no scored frame of the results has the object \(labels[id] ?? String(id))")
        }
    }

    private func score(
        of id: Int, _ rules: ScoringRules, _ description: DescribedObject?, _ findings: inout FindingCounter
    ) -> ObjectScore? {
        var places = measures.indices.filter { measures[$0]?.hasTruth == true }
        var visibleFrames: Int?
        if let own = framesOfObjects[id] {
            // Each object has frames of its own, and a first and a last one.
            let known = frames.indices.filter { own.contains(frames[$0]) }
            let counted = Set(rules.frames == .inner ? known.dropFirst().dropLast() : known[...])
            places = places.filter(counted.contains)
        }
        switch rules.frames {
        case .inner, .all: break
        case .described:
            let wanted = Set(description?.frames ?? [])
            for frame in wanted.subtracting(frames).sorted() {
                findings.note(.description, "the description lists a frame \(frame) of object \(id) that the truth does not have")
            }
            places = places.filter { wanted.contains(frames[$0]) }
        case .afterAppearance:
            guard let first = places.first(where: { measures[$0]?.objects[id]?.isVisible == true }) else { return nil }
            let after = places.filter { $0 > first }
            visibleFrames = after.count { measures[$0]?.objects[id]?.isVisible == true } + 1
            guard first < frames.count - 1 else {
                // It has nothing to be followed through, and counts as followed (sam-pt's bdd100keval.py).
                var score = ObjectScore(
                    sequence: name, object: id, label: labels[id] ?? String(id), frames: [frames[first]], jValues: [1], fValues: [1],
                    visible: [true], visibleFrames: 1)
                score.appearsLast = true
                return score
            }
            places = after
        }
        if rules.startsAtFirstSight { places = Array(places.drop { measures[$0]?.objects[id] == nil }) }
        guard !places.isEmpty else { return nil }
        let values = places.map { measures[$0]?.measure(of: id) ?? .bothEmpty }
        var score = ObjectScore(
            sequence: name, object: id, label: labels[id] ?? String(id), frames: places.map { frames[$0] }, jValues: values.map(\.j),
            fValues: values.map(\.f), visible: values.map(\.isVisible), visibleFrames: visibleFrames)
        (score.category, score.isSeen) = (description?.category, description?.isSeen)
        return score
    }
}
