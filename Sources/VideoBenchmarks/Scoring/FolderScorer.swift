import Foundation
import Media
import Support

/// Scores a folder of masks against a folder of truth.
///
///     let report = try await FolderScorer(.davis).score(truth: MaskFolder("Annotations/480p"), results: MaskFolder("results"))
///     print(report.mean.jf)
public struct FolderScorer: Sendable {
    public let protocolName: ScoringProtocol
    public var rules: ScoringRules
    /// What the data set says of its objects; needed by protocols that score what it lists.
    public var description: DatasetDescription?
    /// Only these sequences are scored; nil: all of the truth's.
    public var sequences: [String]?
    /// What is wrong with the list of sequences, for the report.
    public var listFindings: [ScoringFinding] = []
    public var threads = ProcessInfo.processInfo.activeProcessorCount

    /// Frames that a thread takes at once.
    private static let portion = 8

    public init(_ protocolName: ScoringProtocol, description: DatasetDescription? = nil) {
        self.protocolName = protocolName
        rules = protocolName.rules
        self.description = description
    }

    /// - Parameter progress: the frames measured and in all; from any thread.
    /// - Returns: the scores, and everything that does not fit.
    /// - Throws: `ScoringError` when nothing fits, or the rules refuse a result; `CancellationError`.
    public func score(
        truth: MaskFolder, results: MaskFolder, progress: (@Sendable (Int, Int) -> Void)? = nil
    ) async throws -> ScoreReport {
        var findings = try folderFindings(truth, results)
        let names = sequenceNames(truth)
        let start = ContinuousClock.now
        if protocolName == .davisUnsupervised {
            let parts = try await concurrently(names.count, threads: threads) { index in
                try UnsupervisedScorer.score(truth.sequences[names[index]], results.sequences[names[index]], name: names[index])
            }
            return report(parts.flatMap(\.scores), findings + parts.flatMap(\.findings), truth, results, ScoringCost(), start)
        }
        let comparisons = try await concurrently(names.count, threads: threads) { [rules, description] index -> SequenceComparison? in
            guard let sequence = truth.sequences[names[index]] else { return nil }
            let wanted = description.map { Set($0.objects[sequence.name]?.values.flatMap(\.frames) ?? []) }
            return SequenceComparison(truth: sequence, results: results.sequences[sequence.name], rules: rules, wanted: wanted)
        }.compactMap { $0 }
        let measured = try await measure(comparisons, progress)
        var scores: [ObjectScore] = []
        for (comparison, measured) in zip(comparisons, measured.sequences) {
            var counter = comparison.findings
            counter.merge(measured.findings)
            scores += measured.measures.scores(rules, described: description?.objects[measured.measures.name], &counter)
            findings += counter.findings(of: measured.measures.name)
        }
        return report(scores, findings, truth, results, measured.cost, start)
    }

    private func report(
        _ scores: [ObjectScore], _ findings: [ScoringFinding], _ truth: MaskFolder, _ results: MaskFolder, _ cost: ScoringCost,
        _ start: ContinuousClock.Instant
    ) -> ScoreReport {
        var cost = cost
        cost.seconds = start.secondsAgo
        return ScoreReport(protocolName, objects: scores, findings: findings, truth: truth.path, results: results.path, cost: cost)
    }

    private func sequenceNames(_ truth: MaskFolder) -> [String] {
        guard let sequences else { return truth.names }
        return sequences.filter { truth.sequences[$0] != nil }
    }

    /// What can be said from the folders' names alone.
    private func folderFindings(_ truth: MaskFolder, _ results: MaskFolder) throws -> [ScoringFinding] {
        var findings = listFindings + (description?.findings ?? [])
        let names = sequenceNames(truth)
        guard names.contains(where: { results.sequences[$0] != nil }) else {
            throw ScoringError.noCorrespondence(
                truth: truth.path, truthNames: truth.names, results: results.path, resultNames: results.names)
        }
        for name in names where results.sequences[name] == nil {
            findings.append(ScoringFinding(.missingSequence, name, "the results do not have this sequence; all its masks count as empty"))
        }
        if sequences == nil {
            for name in results.names where truth.sequences[name] == nil {
                findings.append(
                    ScoringFinding(.surplusSequence, name, "the truth does not have this sequence of the results; it is not scored"))
            }
        }
        for name in sequences ?? [] where truth.sequences[name] == nil {
            findings.append(ScoringFinding(.description, name, "the list names this sequence, which the truth does not have"))
        }
        for (folder, what) in [(truth, "truth"), (results, "results")] {
            for name in folder.empty.sorted() {
                findings.append(ScoringFinding(.emptySequence, name, "this folder of the \(what) holds no masks"))
            }
        }
        for name in names {
            findings += (truth.sequences[name]?.faults ?? []) + (results.sequences[name]?.leftOutFindings ?? [])
        }
        for name in (description?.objects.keys.sorted() ?? []) where truth.sequences[name] == nil {
            findings.append(ScoringFinding(.description, name, "the description lists this sequence, which the truth does not have"))
        }
        return findings
    }

    private struct Portion: Sendable {
        var sequence: Int
        var places: Range<Int>
    }

    private struct Measured: Sendable {
        var sequences: [(measures: SequenceMeasures, findings: FindingCounter)]
        var cost: ScoringCost
    }

    private func measure(_ comparisons: [SequenceComparison], _ progress: (@Sendable (Int, Int) -> Void)?) async throws -> Measured {
        var portions: [Portion] = []
        for (index, comparison) in comparisons.enumerated() {
            for start in stride(from: comparison.places.lowerBound, to: comparison.places.upperBound, by: Self.portion) {
                portions.append(Portion(sequence: index, places: start..<min(start + Self.portion, comparison.places.upperBound)))
            }
        }
        let total = portions.reduce(0) { $0 + $1.places.count }
        let done = Protected(0)
        let work = portions
        let parts = try await concurrently(work.count, threads: threads) { index in
            let portion = work[index]
            var (findings, cost) = (FindingCounter(), ScoringCost())
            let measures = try portion.places.map { try comparisons[portion.sequence].measure($0, &findings, &cost) }
            let count = done.withLock { done in
                done += portion.places.count
                return done
            }
            progress?(count, total)
            return (measures: measures, findings: findings, cost: cost)
        }
        var result = Measured(
            sequences: comparisons.map { comparison in
                let truth = comparison.truth
                var measures = SequenceMeasures(
                    name: truth.name, frames: truth.frames, measures: Array(repeating: nil, count: truth.frames.count),
                    firstIDs: comparison.firstIDs)
                if case .perObject(let folders) = truth.layout { measures.labels = folders }
                measures.framesOfObjects = truth.framesOfObjects
                measures.hasResults = comparison.results != nil
                return (measures, FindingCounter())
            }, cost: ScoringCost())
        for (portion, part) in zip(portions, parts) {
            for (place, measure) in zip(portion.places, part.measures) {
                result.sequences[portion.sequence].measures.measures[place] = measure
            }
            result.sequences[portion.sequence].findings.merge(part.findings)
            result.cost.add(part.cost)
        }
        return result
    }
}

/// What scoring took.
public struct ScoringCost: Sendable, Equatable {
    /// Masks read, and frames compared.
    public var masks = 0
    public var frames = 0
    /// Time of all threads together.
    public var readingSeconds = 0.0
    public var measuringSeconds = 0.0
    /// By the clock.
    public var seconds = 0.0

    public init() {}

    mutating func add(_ other: ScoringCost) {
        masks += other.masks
        frames += other.frames
        readingSeconds += other.readingSeconds
        measuringSeconds += other.measuringSeconds
    }
}
