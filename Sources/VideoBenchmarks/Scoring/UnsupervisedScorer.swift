import Media

/// The unsupervised rule of DAVIS 2017 and 2019: every frame counts, void pixels are taken out of truth and results, and proposals are
/// assigned to objects so that the mean of J and F is highest.
enum UnsupervisedScorer {
    /// The official program takes no more, and fills up with empty ones.
    static let mostProposals = 20

    /// J and F of every proposal with every object in a frame, 0 standing for one that the frame does not have.
    private struct Table {
        var values: [Pair: (j: Double, f: Double)] = [:]
        var proposals: Set<Int> = []
        var objects: Set<Int> = []

        func value(_ proposal: Int, _ object: Int) -> (j: Double, f: Double) {
            values[Pair(proposal: proposals.contains(proposal) ? proposal : 0, object: objects.contains(object) ? object : 0)] ?? (1, 1)
        }
    }

    private struct Pair: Hashable {
        var proposal: Int
        var object: Int
    }

    /// - Throws: `ScoringError.surplusObject` for more proposals than the official program takes.
    static func score(
        _ truth: MaskFolder.Sequence?, _ results: MaskFolder.Sequence?, name: String
    ) throws -> (scores: [ObjectScore], findings: [ScoringFinding]) {
        guard let truth else { return ([], []) }
        var findings = FindingCounter()
        var tables: [(frame: String, table: Table)] = []
        var (count, isBinary) = (0, false)
        if let results {
            for frame in results.surplusFrames(beside: truth, expectsBetween: false) {
                findings.note(.surplusFrame, SequenceComparison.surplusFrame(frame))
            }
        }
        for (place, frame) in truth.frames.enumerated() {
            var wanted: ObjectPlanes
            do { wanted = try truth.planes(frame) } catch {
                findings.note(.unreadableTruth, "the truth of frame \(frame) cannot be read, and the frame is not scored: \(error)")
                continue
            }
            let void = wanted.masks.removeValue(forKey: SequenceComparison.void)
            if place == 0 { (count, isBinary) = (wanted.masks.keys.max() ?? 0, void != nil) }
            var found = proposals(of: frame, results, wanted.size, &findings)
            if let id = found.masks.keys.max(), id > mostProposals {
                throw ScoringError.surplusObject(sequence: name, frame: frame, id: id)
            }
            if let void { for id in found.masks.keys { found.masks[id]?.subtract(void) } }
            tables.append((frame, table(found, wanted)))
        }
        guard count > 0, !tables.isEmpty else {
            if isBinary, count == 0 {
                findings.note(.levels, "the truth is 0 and 255 where ids were to be expected; 255 is no object, and nothing is scored")
            } else {
                findings.note(.noScoredFrame, "the truth's first frame has no object")
            }
            return ([], findings.findings(of: name))
        }
        let assigned = assign(tables.map(\.table), count)
        let scores = (1...count).map { object -> ObjectScore in
            let values = tables.map { $0.table.value(assigned[object] ?? 0, object) }
            var score = ObjectScore(
                sequence: name, object: object, label: String(object), frames: tables.map(\.frame), jValues: values.map(\.j),
                fValues: values.map(\.f), visible: tables.map { $0.table.objects.contains(object) })
            score.proposal = assigned[object]
            return score
        }
        return (scores, findings.findings(of: name))
    }

    private static func proposals(
        of frame: String, _ results: MaskFolder.Sequence?, _ size: ImageSize, _ findings: inout FindingCounter
    ) -> ObjectPlanes {
        guard let results else { return ObjectPlanes(size: size) }
        guard results.has(frame) else {
            findings.note(.missingFrame, "the results have no frame \(frame); it counts as empty")
            return ObjectPlanes(size: size)
        }
        do {
            let found = try results.planes(frame)
            if found.size == size { return found }
            findings.note(.sizeDiffers, "frame \(frame) is \(found.size) in the results and \(size) in the truth; it counts as empty")
        } catch {
            findings.note(.unreadableResult, "the result of frame \(frame) cannot be read and counts as empty: \(error)")
        }
        return ObjectPlanes(size: size)
    }

    private static func table(_ found: ObjectPlanes, _ wanted: ObjectPlanes) -> Table {
        let empty = BitMask(size: wanted.size)
        func parts(_ planes: ObjectPlanes) -> [(id: Int, mask: BitMask, boundary: BitMask)] {
            planes.masks.map { ($0, $1, $1.boundary) } + [(0, empty, empty)]
        }
        var table = Table()
        (table.proposals, table.objects) = (Set(found.masks.keys), Set(wanted.masks.keys))
        let objects = parts(wanted)
        for proposal in parts(found) {
            for object in objects {
                table.values[Pair(proposal: proposal.id, object: object.id)] = (
                    regionSimilarity(proposal.mask, object.mask),
                    boundaryAccuracy(ofBoundary: proposal.boundary, truthBoundary: object.boundary)
                )
            }
        }
        return table
    }

    /// The proposal of each object.
    private static func assign(_ tables: [Table], _ count: Int) -> [Int: Int] {
        let proposals = max(mostProposals, count)
        let costs = (1...count).map { object in
            (1...proposals).map { proposal in
                -tables.reduce(0) { sum, table in
                    let value = table.value(proposal, object)
                    return sum + (value.j + value.f) / 2
                } / Double(tables.count)
            }
        }
        return Dictionary(uniqueKeysWithValues: leastCostAssignment(costs).enumerated().map { ($0 + 1, $1 + 1) })
    }
}

/// The column of each row so that the sum of costs is least (Kuhn and Munkres; by shortest augmenting paths, Jonker and Volgenant 1987).
/// - Precondition: at least as many columns as rows.
func leastCostAssignment(_ costs: [[Double]]) -> [Int] {
    let (rows, columns) = (costs.count, costs.first?.count ?? 0)
    precondition(rows <= columns, "\(rows) rows cannot have a column each of \(columns)")
    // Row and column 0 stand for "none".
    var (rowPotential, columnPotential) = ([Double](repeating: 0, count: rows + 1), [Double](repeating: 0, count: columns + 1))
    var rowOfColumn = [Int](repeating: 0, count: columns + 1)
    for row in stride(from: 1, through: rows, by: 1) {
        var (distance, before) = ([Double](repeating: .infinity, count: columns + 1), [Int](repeating: 0, count: columns + 1))
        var isDone = [Bool](repeating: false, count: columns + 1)
        var column = 0
        rowOfColumn[0] = row
        repeat {
            isDone[column] = true
            let current = rowOfColumn[column]
            var (least, next) = (Double.infinity, 0)
            for j in 1...columns where !isDone[j] {
                let reduced = costs[current - 1][j - 1] - rowPotential[current] - columnPotential[j]
                if reduced < distance[j] { (distance[j], before[j]) = (reduced, column) }
                if distance[j] < least { (least, next) = (distance[j], j) }
            }
            for j in 0...columns {
                if isDone[j] {
                    rowPotential[rowOfColumn[j]] += least
                    columnPotential[j] -= least
                } else {
                    distance[j] -= least
                }
            }
            column = next
        } while rowOfColumn[column] != 0
        while column != 0 {
            rowOfColumn[column] = rowOfColumn[before[column]]
            column = before[column]
        }
    }
    var result = [Int](repeating: 0, count: rows)
    for column in stride(from: 1, through: columns, by: 1) where rowOfColumn[column] > 0 { result[rowOfColumn[column] - 1] = column - 1 }
    return result
}
