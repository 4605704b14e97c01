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
        let lengths = Dictionary(videos.map { ($0.id, $0.frameCount) }) { first, _ in first }
        func length(_ tube: InstanceTube) -> Int? { lengths[tube.video] ?? nil }
        let short = tubes.filter { $0.masks.count < length($0) ?? 0 }
        if let first = short.first {
            findings.append(
                ScoringFinding(
                    .missingFrame, count: short.count,
                    "\(short.count) annotations have fewer frames than their video (the first is \(first.id) in video \(first.video)); missing ones count as empty"
                ))
        }
        let long = tubes.filter { $0.masks.count > length($0) ?? .max }
        if let first = long.first {
            findings.append(
                ScoringFinding(
                    .surplusFrame, count: long.count,
                    "\(long.count) annotations have more frames than their video (the first is \(first.id) in video \(first.video)); what they have there counts, too"
                ))
        }
        return findings
    }
}
