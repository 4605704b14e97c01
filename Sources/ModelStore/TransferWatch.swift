import Foundation

/// How slow a transfer may be.
struct TransferLimits: Sendable {
    /// Seconds without anything.
    var stall: TimeInterval
    /// Bytes a second, on average over `period`.
    var rate: Int
    /// Seconds.
    var period: TimeInterval
}

/// Finds transfers that bring nothing, or too little to ever end.
struct TransferWatch {
    private let limits: TransferLimits
    private var last = ContinuousClock.now
    /// When the period at hand began, and what came in it; nil before the body.
    private var period: (start: ContinuousClock.Instant, bytes: Int)?

    init(_ limits: TransferLimits) { self.limits = limits }

    /// A whole head has come. Parts of one do not count: they could come for ever.
    mutating func restart() { last = .now }

    /// So much of the body has come.
    mutating func add(_ bytes: Int) {
        last = .now
        period = (period?.start ?? last, (period?.bytes ?? 0) + bytes)
    }

    /// Why the transfer must end; nil when it may go on.
    mutating func objection(at now: ContinuousClock.Instant = .now) -> String? {
        if now - last > .seconds(limits.stall) { return "nothing came for \(Self.text(limits.stall)) s" }
        guard let (start, bytes) = period, now - start > .seconds(limits.period) else { return nil }
        period = (now, 0)
        guard Double(bytes) < Double(limits.rate) * limits.period else { return nil }
        return "only \(bytes.asBytes) came in \(Self.text(limits.period)) s"
    }

    private static func text(_ seconds: TimeInterval) -> String { String(format: "%.0f", seconds.rounded(.up)) }
}
