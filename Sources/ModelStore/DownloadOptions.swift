import Foundation

/// How patient a download is.
public struct DownloadOptions: Sendable {
    /// Seconds without a byte after which a transfer has failed.
    public var stallTimeout: TimeInterval = 30
    /// Tries in a row that bring nothing, after which the download has failed.
    public var attempts = 5
    /// Seconds before the second try; doubled for each further one, up to `longestPause`.
    public var firstPause: TimeInterval = 1
    /// Also the longest pause that a server may ask for.
    public var longestPause: TimeInterval = 60

    public init() {}

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
    /// All is there and is being compared with the published MD5.
    case checking(bytes: Int, total: Int)
}
