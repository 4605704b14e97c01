/// Average precision and recall of predicted tubes, as YouTube-VIS and UVO define them (sam-pt's ytvoseval.py; compared in the fixture
/// tests). A crowd's IoU is as any other's.
public struct InstanceScorer: Sendable {
    public enum Categories: Sendable, Equatable {
        /// Each by itself, then averaged.
        case separate
        /// All as one, in order of the files (UVO).
        case agnostic
        /// All as one, in order of the categories (pycocotools with `useCats = 0`); differs where scores are equal.
        case pooled
    }

    public var categories: Categories

    public init(categories: Categories = .agnostic) { self.categories = categories }

    static let thresholds = (0..<10).map { 0.5 + 0.05 * Double($0) }
    private static let recalls = (0...100).map { Double($0) / 100 }
    static let mostDetections = [1, 10, 100]

    enum AreaRange: Int, CaseIterable, Sendable {
        case all, small, medium, large

        /// Both ends belong to it.
        func contains(_ area: Double) -> Bool {
            switch self {
            case .all: (0...1e10).contains(area)
            case .small: (0...16384).contains(area)
            case .medium: (16384...65536).contains(area)
            case .large: (65536...1e10).contains(area)
            }
        }
    }

    /// The tubes of one video and category, predictions by descending score.
    struct Cell {
        var category: Int
        var video: Int
        var predictions: [InstanceTube]
        var truths: [InstanceTube]
        /// By prediction and truth.
        var overlaps: [[Double]]
    }

    /// One area range of a cell: for each threshold which predictions found a truth, and which do not count.
    private struct Matches {
        var scores: [Double]
        var isMatched: [[Bool]]
        var isIgnored: [[Bool]]
        var truths: Int
    }

    /// - Throws: `InstanceError` for masks whose sizes differ.
    public func score(predictions: [InstanceTube], truth: VideoInstanceTruth) throws -> InstanceReport {
        let cells = try cells(predictions, truth)
        let order = categories == .separate ? truth.categories : [0]
        var curves: [InstanceReport.Curve] = []
        for category in order {
            let own = cells.filter { $0.category == category }
            for range in AreaRange.allCases {
                let matches = own.map { matched($0, range) }
                for most in Self.mostDetections { curves += Self.curves(matches, category: category, range: range, most: most) }
            }
        }
        return InstanceReport(curves: curves, predictions: predictions.count, truths: truth.tubes.count, videos: truth.videos.count)
    }

    func cells(_ predictions: [InstanceTube], _ truth: VideoInstanceTruth) throws -> [Cell] {
        let place = Dictionary(uniqueKeysWithValues: Set(truth.categories).sorted().enumerated().map { ($1, $0) })
        func arranged(_ tubes: [InstanceTube]) -> [InstanceTube] {
            switch categories {
            case .separate, .agnostic: return tubes
            case .pooled:
                return tubes.enumerated().sorted {
                    (place[$0.element.category] ?? 0, $0.offset) < (place[$1.element.category] ?? 0, $1.offset)
                }.map(\.element)
            }
        }
        let truths = Dictionary(grouping: truth.tubes, by: \.video)
        let found = Dictionary(grouping: predictions, by: \.video)
        var cells: [Cell] = []
        for video in truth.videos.map(\.id).sorted() {
            for category in categories == .separate ? truth.categories : [0] {
                func own(_ tubes: [InstanceTube]?) -> [InstanceTube] {
                    arranged((tubes ?? []).filter { categories == .agnostic || place[$0.category] != nil })
                        .filter { categories != .separate || $0.category == category }
                }
                let wanted = own(truths[video])
                // Stable: equal scores stay in the file's order.
                let best = own(found[video]).enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
                    .prefix(Self.mostDetections.max() ?? 0).map(\.element)
                guard !wanted.isEmpty || !best.isEmpty else { continue }
                let overlaps = try best.map { prediction in
                    try wanted.map { truth in
                        do { return try prediction.overlap(with: truth) } catch {
                            throw InstanceError.invalid("video \(video)", "prediction \(prediction.id) and object \(truth.id): \(error)")
                        }
                    }
                }
                cells.append(Cell(category: category, video: video, predictions: best, truths: wanted, overlaps: overlaps))
            }
        }
        return cells
    }

    private func matched(_ cell: Cell, _ range: AreaRange) -> Matches {
        let isIgnored = cell.truths.map { $0.isCrowd || !range.contains($0.area) }
        let order = cell.truths.indices.filter { !isIgnored[$0] } + cell.truths.indices.filter { isIgnored[$0] }
        var matches = Matches(scores: cell.predictions.map(\.score), isMatched: [], isIgnored: [], truths: isIgnored.count { !$0 })
        for threshold in Self.thresholds {
            var isTaken = [Bool](repeating: false, count: cell.truths.count)
            var (matched, ignored) = ([Bool](), [Bool]())
            for (place, prediction) in cell.predictions.enumerated() {
                var best = min(threshold, 1 - 1e-10)
                var match: Int?
                for truth in order where !isTaken[truth] || cell.truths[truth].isCrowd {
                    // Those that do not count come last, and are not better than one that does.
                    if let match, !isIgnored[match], isIgnored[truth] { break }
                    guard cell.overlaps[place][truth] >= best else { continue }
                    (best, match) = (cell.overlaps[place][truth], truth)
                }
                if let match { isTaken[match] = true }
                matched.append(match != nil)
                ignored.append(match.map { isIgnored[$0] } ?? !range.contains(prediction.area))
            }
            matches.isMatched.append(matched)
            matches.isIgnored.append(ignored)
        }
        return matches
    }

    /// Precision at the points of recall, and recall, for every threshold.
    private static func curves(_ cells: [Matches], category: Int, range: AreaRange, most: Int) -> [InstanceReport.Curve] {
        let truths = cells.reduce(0) { $0 + $1.truths }
        guard truths > 0 else { return [] }
        var entries: [(score: Double, cell: Int, place: Int)] = []
        for (index, cell) in cells.enumerated() {
            for place in cell.scores.indices.prefix(most) { entries.append((cell.scores[place], index, place)) }
        }
        let order = entries.indices.sorted { (entries[$1].score, $0) < (entries[$0].score, $1) }
        return thresholds.indices.map { threshold in
            var (found, wrong) = (0.0, 0.0)
            var (recall, precision) = ([Double](), [Double]())
            for index in order {
                let entry = entries[index]
                if !cells[entry.cell].isIgnored[threshold][entry.place] {
                    if cells[entry.cell].isMatched[threshold][entry.place] { found += 1 } else { wrong += 1 }
                }
                recall.append(found / Double(truths))
                precision.append(found / (found + wrong + 0x1p-52))
            }
            for i in precision.indices.reversed().dropFirst() { precision[i] = max(precision[i], precision[i + 1]) }
            var next = 0
            let sampled = recalls.map { wanted in
                while next < recall.count, recall[next] < wanted { next += 1 }
                return next < precision.count ? precision[next] : 0
            }
            return InstanceReport.Curve(
                category: category, range: range, most: most, threshold: threshold, precision: sampled, recall: recall.last ?? 0)
        }
    }
}
