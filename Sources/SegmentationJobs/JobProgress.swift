import SAMPT

/// Hears how far a job is. Called from any thread.
package protocol JobProgress: Sendable {
    func show(_ progress: SegmentationProgress)
    /// - Parameters:
    ///   - isLast: whether the work ends with it.
    ///   - line: makes the text, where one is shown.
    func show(isLast: Bool, _ line: () -> String)
    /// An output cannot be written any more, while the work goes on.
    func warn(of error: any Error)
    /// Nothing more comes; what was shown may be put in order.
    func close()
}
