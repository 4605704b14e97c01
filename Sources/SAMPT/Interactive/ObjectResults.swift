/// What propagations gave an object, as far as the state of a session knows: keys, and which anchors they belong to. How far each came is
/// told by the log's `reached`.
struct ObjectResults: Sendable, Equatable {
    /// The policy of the last propagation that took the object in.
    var policy: CorrectionPolicy?
    /// In the order in which they were planned.
    var spans: [ResultSpan] = []
}

/// One planned span, and the anchors it was planned between.
struct ResultSpan: Sendable, Equatable {
    var span: PlannedSpan
    /// What its anchors said, by their digests.
    var identity: String
}
