/// Which points NanoTrack moves together. Their memory grows with their number times the frame's cells (and the matrix of groups with its
/// square), so many points take several runs.
enum NanoTrackBatches {
    /// Points of one run at most.
    static let limit = 512

    /// The indices of all points, cut into runs of at most `limit`: one run as long as they are few, otherwise whole groups wherever they
    /// fit. Points of a group exchange messages, so a group that is larger itself is dealt out: every part is spread over all of it.
    static func indices(of groups: [Int], limit: Int = Self.limit) -> [[Int]] {
        guard groups.count > limit else { return groups.isEmpty ? [] : [Array(groups.indices)] }
        var members: [Int: [Int]] = [:]
        var order: [Int] = []
        for (index, group) in groups.enumerated() {
            if members[group] == nil { order.append(group) }
            members[group, default: []].append(index)
        }
        var batches: [[Int]] = [[]]
        for group in order {
            let indices = members[group] ?? []
            let parts = (indices.count + limit - 1) / limit
            for part in 0..<parts {
                let dealt = stride(from: part, to: indices.count, by: parts).map { indices[$0] }
                if batches[batches.count - 1].count + dealt.count > limit { batches.append([]) }
                batches[batches.count - 1] += dealt
            }
        }
        return batches
    }
}
