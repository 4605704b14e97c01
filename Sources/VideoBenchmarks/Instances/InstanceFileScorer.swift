import Support

extension VideoInstanceResults {
    /// Scores a file of predicted tubes against a file of annotations, on a thread of its own.
    /// - Returns: the scores, and what does not fit.
    /// - Throws: `MediaError`; `InstanceError`.
    public static func score(
        truth: String, results: String, categories: InstanceScorer.Categories
    ) async throws -> (scores: InstanceReport, findings: [ScoringFinding]) {
        try await onThread {
            let wanted = try VideoInstanceTruth(path: truth)
            let found = try read(results)
            var findings = wanted.findings
            let videos = Dictionary(uniqueKeysWithValues: wanted.videos.map { ($0.id, $0) })
            let stray = found.filter { videos[$0.video] == nil }
            if let first = stray.first {
                findings.append(
                    ScoringFinding(
                        .surplusSequence, count: stray.count,
                        "\(stray.count) predictions are for videos that the truth does not have (the first for \(first.video)); they are not scored"
                    ))
            }
            let kinds = Set(wanted.categories)
            let unknown = categories == .agnostic ? [] : found.filter { !kinds.contains($0.category) }
            if let first = unknown.first {
                findings.append(
                    ScoringFinding(
                        .surplusObject, count: unknown.count,
                        "\(unknown.count) predictions have categories that the truth does not have (the first \(first.category)); they are not scored"
                    ))
            }
            func length(_ tube: InstanceTube) -> Int? { videos[tube.video]?.frameCount }
            let short = found.filter { $0.masks.count < length($0) ?? 0 }
            if let first = short.first {
                findings.append(
                    ScoringFinding(
                        .missingFrame, count: short.count,
                        "\(short.count) predictions have fewer frames than their video (the first in video \(first.video)); missing ones count as empty"
                    ))
            }
            let long = found.filter { $0.masks.count > length($0) ?? .max }
            if let first = long.first {
                findings.append(
                    ScoringFinding(
                        .surplusFrame, count: long.count,
                        "\(long.count) predictions have more frames than their video (the first in video \(first.video)); what they have there counts as too much"
                    ))
            }
            let predicted = Set(found.map(\.video))
            let missing = wanted.videos.filter { !predicted.contains($0.id) }
            if let first = missing.first {
                findings.append(
                    ScoringFinding(
                        .missingSequence, count: missing.count, "\(missing.count) videos have no prediction (the first is \(first.id))"))
            }
            return (try InstanceScorer(categories: categories).score(predictions: found, truth: wanted), findings)
        }
    }
}
