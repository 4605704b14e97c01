/// What is known of a stream's frames from its packets, without decoding them.
struct PacketIndex: Sendable {
    struct Keyframe: Sendable {
        /// When it is shown.
        var shown: Int64
        /// When it is decoded, at the latest when it is shown: what containers search by.
        var decoded: Int64
    }

    /// Presentation times of the frames, ascending.
    var timestamps: [Int64] = []
    /// Ascending.
    var keyframes: [Keyframe] = []
    /// Whether packets lack times or share them, or have times that cannot be meant; frames are then known by their order alone, and there
    /// is no seeking.
    var isOrderOnly = false
    /// Whether the data ends in the middle of a packet.
    var isCut = false
    /// How many frames the file says it holds; at least those it does.
    var promisedCount = 0
    /// What the file promises but does not hold, in words; nil for a whole file.
    var damage: String?

    /// Sorts what was listed in order of decoding.
    mutating func complete(ticksPerFrame: Int64, timeBase: (numerator: Int, denominator: Int)) {
        if !isOrderOnly {
            timestamps.sort()
            isOrderOnly = !hasPlausibleTimes(timeBase) || zip(timestamps, timestamps.dropFirst()).contains { $0 == $1 }
        }
        if isOrderOnly {
            // Evenly spaced at the nominal rate.
            let step = min(max(1, ticksPerFrame), (1 << 62) / Int64(max(1, timestamps.count)))
            timestamps = timestamps.indices.map { Int64($0) * step }
            keyframes = []
        }
        keyframes.sort { $0.shown < $1.shown }
    }

    /// Whether the sorted times lie no farther apart than in any video; their differences can then be computed with.
    private func hasPlausibleTimes(_ timeBase: (numerator: Int, denominator: Int)) -> Bool {
        guard let first = timestamps.first, let last = timestamps.last else { return true }
        let (span, overflows) = last.subtractingReportingOverflow(first)
        return !overflows && span < 1 << 62
            && Double(span) * Double(timeBase.numerator) / Double(timeBase.denominator) <= VideoTiming.longestDuration
    }

    /// The frame shown at `timestamp`, or the `order`-th frame from the start when times cannot be used.
    func frame(at timestamp: Int64, order: Int?) -> Int? {
        if isOrderOnly { return order }
        let found = timestamps.partitioningIndex { $0 >= timestamp }
        return found < timestamps.count && timestamps[found] == timestamp ? found : nil
    }

    /// The keyframes from which frame `frame` can be decoded, nearest first, at most `count`.
    ///
    /// Frames shown after a keyframe never need data before it; the leading frames of an open group, shown before their keyframe,
    /// thus start from the keyframe before.
    func keyframes(for frame: Int, count: Int) -> [Keyframe] {
        keyframes[..<keyframes.partitioningIndex { $0.shown > timestamps[frame] }].suffix(count).reversed()
    }

    /// Whether seeking to `frame` is quicker than decoding on after `position`.
    func isSeekWorthwhile(from position: Int, to frame: Int) -> Bool {
        // A seek costs about as much as decoding a few frames.
        guard frame - position > 8, position >= 0, let nearest = keyframes(for: frame, count: 1).first else { return false }
        return nearest.shown > timestamps[position]
    }
}

extension Array {
    /// The first index from which on `belongs` holds; the array must be partitioned by it.
    func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
