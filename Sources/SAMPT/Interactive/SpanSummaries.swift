/// What is known of consecutive frames of a span's result.
struct SpanSummaries: Sendable {
    private(set) var frames: ClosedRange<Int>
    private var values: [FrameSummary?]
    private var count = 0

    init(frames: ClosedRange<Int>) {
        self.frames = frames
        values = Array(repeating: nil, count: frames.count)
    }

    /// nil for a frame that is not there.
    subscript(frame: Int) -> FrameSummary? { frames.contains(frame) ? values[frame - frames.lowerBound] : nil }

    /// Whether every frame is there.
    var isWhole: Bool { count == values.count }

    /// Makes room for more frames.
    /// - Returns: those of which nothing is known.
    mutating func extend(to wanted: ClosedRange<Int>) -> [ClosedRange<Int>] {
        guard count > 0 else {
            self = SpanSummaries(frames: frames.union(wanted))
            return [frames]
        }
        var missing: [ClosedRange<Int>] = []
        if wanted.lowerBound < frames.lowerBound {
            missing.append(wanted.lowerBound...(frames.lowerBound - 1))
            values.insert(contentsOf: [FrameSummary?](repeating: nil, count: frames.lowerBound - wanted.lowerBound), at: 0)
        }
        if wanted.upperBound > frames.upperBound {
            missing.append((frames.upperBound + 1)...wanted.upperBound)
            values.append(contentsOf: [FrameSummary?](repeating: nil, count: wanted.upperBound - frames.upperBound))
        }
        frames = frames.union(wanted)
        return missing
    }

    mutating func add(_ summaries: [FrameSummary]) {
        for summary in summaries where frames.contains(summary.index) && values[summary.index - frames.lowerBound] == nil {
            values[summary.index - frames.lowerBound] = summary
            count += 1
        }
    }
}

/// Summaries that were read, of the results that were asked for last: those of frames that are there never change.
struct KnownSummaries: Sendable {
    /// Of all results together; some ten megabytes.
    private static let mostFrames = 400_000

    private var entries: [SpanKey: (summaries: SpanSummaries, use: Int)] = [:]
    private var uses = 0
    private var frameCount = 0

    subscript(key: SpanKey) -> SpanSummaries? {
        mutating get {
            guard let found = entries[key]?.summaries else { return nil }
            uses += 1
            entries[key]?.use = uses
            return found
        }
        set {
            frameCount -= entries[key]?.summaries.frames.count ?? 0
            uses += 1
            entries[key] = newValue.map { ($0, uses) }
            frameCount += newValue?.frames.count ?? 0
            while frameCount > Self.mostFrames, entries.count > 1, let oldest = entries.min(by: { $0.value.use < $1.value.use }) {
                entries[oldest.key] = nil
                frameCount -= oldest.value.summaries.frames.count
            }
        }
    }
}
