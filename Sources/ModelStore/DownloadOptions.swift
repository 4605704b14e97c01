import Foundation

/// How patient a download is.
public struct DownloadOptions: Sendable {
    /// Seconds without a byte after which a transfer has failed.
    public var stallTimeout: TimeInterval = 30
    /// Bytes a second below which, on average over `ratePeriod`, a transfer has failed: a trickle would end in years.
    public var leastRate = 1000
    /// Seconds; at least `stallTimeout` counts.
    public var ratePeriod: TimeInterval = 60
    /// Tries in a row that bring nothing, or less than `leastRate`, after which the download has failed.
    public var attempts = 5
    /// Seconds before the second try; doubled for each further one, up to `longestPause`.
    public var firstPause: TimeInterval = 1
    /// Also the longest pause that a server may ask for.
    public var longestPause: TimeInterval = 60

    public init() {}

    var limits: TransferLimits { TransferLimits(stall: stallTimeout, rate: leastRate, period: max(ratePeriod, stallTimeout)) }

    func pause(afterFailures failures: Int) -> TimeInterval {
        min(longestPause, firstPause * pow(2, Double(min(max(failures, 1), 30) - 1)))
    }
}

/// What happens in a download.
public enum DownloadEvent: Sendable, Equatable {
    /// So many bytes have come, those of earlier tries included; `total` is nil when the server does not say.
    case received(bytes: Int, total: Int?)
    /// A try failed, and the next begins after a pause.
    case retrying(reason: String, seconds: TimeInterval)
    /// All is there and its MD5 is being computed, to be compared with the published one.
    case checking(bytes: Int, total: Int)
}
