import Foundation
import Support

/// What happens to frames that come faster than they are used.
public enum LivePolicy: String, Sendable, CaseIterable, Codable {
    /// The newest frame is used, those between are dropped: results stay as near to the present as they can.
    case latest
    /// No frame is dropped: the source waits. For sources that can, such as a pipe from a file.
    case all
}

/// A live source as the frames that are used of it: frame `i` is the one that was taken as the `i`-th.
///
/// A thread reads the source without pause. At most one read frame waits to be taken (with `.latest`, those that must not be dropped wait
/// beside it), and the last few that were taken can be asked for again; so memory is bounded whatever the source does.
///
///     let frames = LiveFrames(try YUV4MPEGCapture(path: "-"))
///     frames.start()
///     while let frame = try await frames.take() { print(frame.number, frame.seconds) }
public final class LiveFrames: FrameSource, @unchecked Sendable {
    /// A frame that was taken.
    public struct Frame: Sendable {
        /// Where it stands among those taken, from 0 on.
        public var index: Int
        /// Where it stands among all that were captured, from 0 on.
        public var number: Int
        /// When it was captured.
        public var time: ContinuousClock.Instant
        /// Seconds from the first captured frame: as they were captured with `.latest`; with `.all`, where capturing waits for the work, by
        /// the stream's own times if it has any.
        public var seconds: Double
        /// As captured, whatever size is worked at.
        public var original: RGBImage
    }

    private struct State {
        /// Captured and not taken yet, oldest first.
        var waiting: [(number: Int, frame: CapturedFrame)] = []
        var pictures: [Int: RGBImage] = [:]
        var takenCount = 0
        var capturedCount = 0
        var droppedCount = 0
        var firstTime: ContinuousClock.Instant?
        var kept: Set<Int> = []
        var hasStarted = false
        var hasEnded = false
        var isStopped = false
        var failure: (any Error)?
        /// Who waits in `take`.
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Of the frames that are worked on.
    public let size: ImageSize
    public let policy: LivePolicy
    private let capture: any LiveCapture
    private let history: Int
    private let condition = NSCondition()
    private var state = State()

    /// - Parameters:
    ///   - longestSide: larger frames are made smaller so that their longer side has this many pixels.
    ///   - history: how many of the frames taken last can be asked for, at least 1.
    public init(_ capture: any LiveCapture, policy: LivePolicy = .latest, longestSide: Int? = nil, history: Int = 4) {
        (self.capture, self.policy, self.history) = (capture, policy, max(1, history))
        size = longestSide.map { capture.size.limited(longestSide: $0) } ?? capture.size
    }

    deinit { capture.stop() }

    public var name: String { capture.name }
    /// Of the frames as they are captured.
    public var originalSize: ImageSize { capture.size }
    public var pixelAspect: PixelAspect { capture.pixelAspect }
    /// How many frames have been taken so far.
    public var frameCount: Int { locked { $0.takenCount } }
    /// How many frames have been captured so far.
    public var capturedCount: Int { locked { $0.capturedCount } }
    /// How many frames have been dropped so far.
    public var droppedCount: Int { locked { $0.droppedCount } }
    /// Frames waiting now; tests use it to show that they do not pile up.
    var waitingCount: Int { locked { $0.waiting.count } }
    /// Whether a task waits in `take`; tests cancel it then.
    var isAwaited: Bool { locked { $0.waiter != nil } }
    /// Milliseconds; without the frames' times, which come with the frames (`Frame.seconds`).
    public var timing: VideoTiming { VideoTiming(timeBase: (1, 1000), timestamps: []) }

    /// The picture of a frame that was taken lately.
    public func frame(at index: Int) throws -> RGBImage {
        try locked { state in
            guard let picture = state.pictures[index] else { throw MediaError.frameOutOfRange(index: index, count: state.takenCount) }
            return picture
        }
    }

    /// Starts capturing. Later calls do nothing.
    /// - Parameter kept: numbers of captured frames that must not be dropped.
    public func start(keeping kept: Set<Int> = []) {
        let isFirst = locked { state in
            defer { (state.hasStarted, state.kept) = (true, state.hasStarted ? state.kept : kept) }
            return !state.hasStarted
        }
        guard isFirst else { return }
        // The thread does not keep `self` alive while it waits for a frame, so that letting go of it ends the capture.
        let thread = Thread { [capture, weak self] in
            do {
                while let frame = try capture.next() {
                    guard let self, self.offer(frame) else { return }
                }
                self?.end(nil)
            } catch {
                self?.end(error)
            }
        }
        thread.name = "live capture"
        thread.start()
    }

    /// Ends the capture. What was captured before can still be taken.
    public func stop() {
        capture.stop()
        let waiter = locked { state in
            (state.isStopped, state.hasEnded) = (true, true)
            condition.broadcast()
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Waits for the next frame; with `.latest` the newest, if several have come since the last call. For one caller at a time.
    /// - Returns: nil at the end of the stream.
    /// - Throws: what broke the stream off, after the frames before; `MediaError` for a frame that cannot be converted;
    ///   `CancellationError`.
    public func take() async throws -> Frame? {
        while true {
            try Task.checkCancellation()
            let (next, hasEnded, failure) = locked { state in
                // The source may be waiting for the place.
                condition.broadcast()
                return (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.hasEnded, state.failure)
            }
            if let next { return try accept(next.number, next.frame) }
            if let failure { throw failure }
            if hasEnded { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { wait($0) }
            } onCancel: {
                wake()
            }
        }
    }

    /// As `take`, for a thread that may wait.
    /// - Throws: as `take`; `CancellationError` when the thread's work is cancelled (`Cancellation`).
    public func waitForFrame() throws -> Frame? {
        condition.lock()
        while state.waiting.isEmpty, !state.hasEnded {
            // Who cancels does not know of this condition.
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
            do {
                try Cancellation.check()
            } catch {
                condition.unlock()
                throw error
            }
        }
        let (next, failure) = (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.failure)
        // The source may be waiting for the place.
        condition.broadcast()
        condition.unlock()
        if let next { return try accept(next.number, next.frame) }
        if let failure { throw failure }
        return nil
    }

    private func accept(_ number: Int, _ captured: CapturedFrame) throws -> Frame {
        let original = try captured.picture()
        guard original.size == capture.size else {
            throw MediaError.frameSizeDiffers(path: name, expected: capture.size, found: original.size)
        }
        let picture = size == original.size ? original : original.scaled(to: size)
        return locked { state in
            let clock = (captured.time - (state.firstTime ?? captured.time)) / .microseconds(1) / 1e6
            let own = captured.streamSeconds.flatMap { abs($0) <= VideoTiming.longestDuration ? $0 : nil }
            let seconds = policy == .all ? own ?? clock : clock
            let frame = Frame(index: state.takenCount, number: number, time: captured.time, seconds: seconds, original: original)
            state.pictures[frame.index] = picture
            state.pictures[frame.index - history] = nil
            state.takenCount += 1
            return frame
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        let isOver = locked { state in
            if !state.waiting.isEmpty || state.hasEnded || Task.isCancelled { return true }
            state.waiter = continuation
            return false
        }
        if isOver { continuation.resume() }
    }

    private func wake() { locked { $0.waiter.take() }?.resume() }

    /// Takes in a captured frame.
    /// - Returns: whether more are wanted.
    private func offer(_ frame: CapturedFrame) -> Bool {
        condition.lock()
        let number = state.capturedCount
        state.capturedCount += 1
        state.firstTime = state.firstTime ?? frame.time
        switch policy {
        case .latest:
            if let last = state.waiting.last, !state.kept.contains(last.number) {
                state.waiting.removeLast()
                state.droppedCount += 1
            }
        case .all:
            while !state.waiting.isEmpty, !state.isStopped { condition.wait() }
        }
        let isWanted = !state.isStopped
        if isWanted { state.waiting.append((number, frame)) }
        let waiter = state.waiter.take()
        condition.broadcast()
        condition.unlock()
        waiter?.resume()
        return isWanted
    }

    private func end(_ error: (any Error)?) {
        let waiter = locked { state in
            state.hasEnded = true
            if !state.isStopped { state.failure = error }
            condition.broadcast()
            return state.waiter.take()
        }
        waiter?.resume()
    }

    private func locked<Result>(_ body: (inout State) throws -> Result) rethrows -> Result {
        condition.lock()
        defer { condition.unlock() }
        return try body(&state)
    }
}

extension ImageSize {
    /// The size with the longer side reduced to so many pixels; the same where it is not longer.
    public func limited(longestSide: Int) -> ImageSize {
        guard self.longestSide > longestSide else { return self }
        let factor = Double(longestSide) / Double(self.longestSide)
        func side(_ pixels: Int) -> Int { max(1, Int((Double(pixels) * factor).rounded())) }
        return ImageSize(width: side(width), height: side(height))
    }
}
