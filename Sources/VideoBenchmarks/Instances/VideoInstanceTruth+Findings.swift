extension VideoInstanceTruth.Video {
    /// Nil where the annotations do not say.
    var frameCount: Int? { length ?? fileNames?.count }
}

extension VideoInstanceTruth {
    /// Annotations that share an id, and those with fewer or more frames than their video. All of them count.
    var findings: [ScoringFinding] {
        var findings: [ScoringFinding] = []
        var ids = Set<Int>()
        let repeated = tubes.filter { !ids.insert($0.id).inserted }
        if let first = repeated.first {
            findings.append(
                ScoringFinding(
                    .repeatedObject, count: repeated.count,
                    "\(repeated.count) annotations have an id that one before them has (the first is \(first.id) in video \(first.video)); each counts as an object"
                ))
        }
        return findings + lengthFindings(tubes, "annotations")
    }

    /// Tubes with fewer or more frames than their video; they count as they are.
    /// - Parameter noun: what they are, in the plural.
    func lengthFindings(_ tubes: [InstanceTube], _ noun: String) -> [ScoringFinding] {
        let lengths = Dictionary(videos.map { ($0.id, $0.frameCount) }) { first, _ in first }
        func length(_ tube: InstanceTube) -> Int? { lengths[tube.video] ?? nil }
        func finding(_ kind: ScoringFinding.Kind, _ tubes: [InstanceTube], _ fault: String, _ consequence: String) -> ScoringFinding? {
            guard let first = tubes.first else { return nil }
            let text = "\(tubes.count) \(noun) have \(fault) frames than their video (the first is \(first.id) in video \(first.video))"
            return ScoringFinding(kind, count: tubes.count, "\(text); \(consequence)")
        }
        let short = tubes.filter { $0.masks.count < length($0) ?? 0 }
        let long = tubes.filter { $0.masks.count > length($0) ?? .max }
        return [
            finding(.missingFrame, short, "fewer", "missing ones count as empty"),
            finding(.surplusFrame, long, "more", "what they have there counts, too"),
        ].compactMap { $0 }
    }
}
