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
            let videos = Set(wanted.videos.map(\.id))
            let stray = found.filter { !videos.contains($0.video) }
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
            findings += wanted.lengthFindings(found, "predictions")
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
