/// What propagations gave an object, as far as the state of a session knows: keys, and which anchors they belong to. How far each came is
/// told by the log's `reached`.
struct ObjectResults: Sendable, Equatable {
    /// The policy of the last propagation that took the object in.
    var policy: CorrectionPolicy?
    /// In the order in which they were planned.
    var spans: [ResultSpan] = []
}

/// One planned span, and what was said in the anchors it was planned from.
struct ResultSpan: Sendable, Equatable {
    var span: PlannedSpan
    var policy: CorrectionPolicy
    /// The anchor's digest.
    var digest: String
    /// With the policy `paper`: what was corrected.
    var corrections: [PaperCorrection]

    init(span: PlannedSpan, of object: SessionObject, _ policy: CorrectionPolicy) {
        (self.span, self.policy) = (span, policy)
        digest = object.anchors[span.anchor]?.digest ?? ""
        // The result without any correction has no base.
        corrections = policy == .paper && span.base != nil ? object.paperCorrections : []
    }
}

/// What a correction with the policy `paper` does from its frame on.
struct PaperCorrection: Sendable, Hashable {
    enum Change: Sendable, Hashable {
        case add(position: SIMD2<Float>, isPositive: Bool)
        /// By the track's number.
        case remove(Int)
    }

    var frame: Int
    var change: Change
    /// What an added point is known by in results.
    var track: Int

    /// For keys.
    var text: String {
        switch change {
        case .add(let position, let isPositive): "\(frame)+\(position.x.bitPattern),\(position.y.bitPattern),\(isPositive),\(track)"
        case .remove(let track): "\(frame)-\(track)"
        }
    }

    /// Added points have numbers of their own, beyond those of sampled ones.
    static let firstTrack = 1 << 20
}

extension SessionObject {
    /// All corrections, by frame.
    var paperCorrections: [PaperCorrection] {
        anchorFrames.flatMap { frame -> [PaperCorrection] in
            guard let anchor = anchors[frame] else { return [] }
            let removed = anchor.removedTracks.map { PaperCorrection(frame: frame, change: .remove($0), track: $0) }
            // Clicks of the query frame are query points.
            let added = frame == queryFrame ? [] : anchor.points
            return removed
                + added.map {
                    PaperCorrection(
                        frame: frame, change: .add(position: $0.position, isPositive: $0.isPositive),
                        track: PaperCorrection.firstTrack + $0.id)
                }
        }
    }
}
