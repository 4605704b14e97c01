import Foundation
import Support
import Testing

@testable import Media

/// Gives frames as fast as they are asked for, or as the test allows; a frame's picture is of its number's brightness.
private final class ScriptedCapture: LiveCapture {
    let name = "script"
    let size = ImageSize(width: 4, height: 2)
    private let total: Int
    private let failure: (any Error)?
    private let given = Protected(0)
    private let stopped = Protected(false)
    /// How many captured frames exist at the moment, and the most that ever did.
    let alive = Protected((now: 0, most: 0))
    /// Frames beyond this number wait until it is raised.
    let limit: Protected<Int>

    init(_ total: Int, limit: Int = .max, failure: (any Error)? = nil) {
        (self.total, self.failure) = (total, failure)
        self.limit = Protected(limit)
    }

    private final class Token: Sendable {
        let owner: ScriptedCapture
        init(_ owner: ScriptedCapture) {
            self.owner = owner
            owner.alive.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        }
        deinit { owner.alive.withLock { $0.now -= 1 } }
    }

    func next() throws -> CapturedFrame? {
        let number = given.withLock { $0 }
        guard number < total else {
            if let failure { throw failure }
            return nil
        }
        while number >= limit.withLock({ $0 }) {
            if stopped.withLock({ $0 }) { throw CancellationError() }
            usleep(500)
        }
        given.withLock { $0 += 1 }
        let token = Token(self)
        return CapturedFrame(streamSeconds: Double(number) / 10) {
            withExtendedLifetime(token) { RGBImage(width: 4, height: 2, red: UInt8(number & 255)) }
        }
    }

    func stop() { stopped.withLock { $0 = true } }
}

private func wait(_ condition: () -> Bool) async throws {
    for _ in 0..<10_000 where !condition() { try await Task.sleep(for: .milliseconds(1)) }
    #expect(condition())
}

@Suite("Live frames: what is dropped, what waits, how it ends")
struct LiveFramesTests {
    @Test("The newest frame is taken, and those before it are dropped")
    func latest() async throws {
        let capture = ScriptedCapture(100, limit: 5)
        let frames = LiveFrames(capture)
        frames.start()
        try await wait { frames.capturedCount == 5 }
        let first = try #require(try await frames.take())
        #expect((first.index, first.number, frames.droppedCount) == (0, 4, 4))
        #expect(try frames.frame(at: 0)[0, 0].red == 4)
        #expect(frames.frameCount == 1)
        capture.limit.withLock { $0 = 9 }
        try await wait { frames.capturedCount == 9 }
        let second = try #require(try await frames.take())
        #expect((second.index, second.number, frames.droppedCount) == (1, 8, 7))
        #expect(second.time > first.time && second.seconds > first.seconds)
        frames.stop()
    }

    @Test("Frames that must not be dropped are not, and come in order")
    func kept() async throws {
        let frames = LiveFrames(ScriptedCapture(20, limit: 10))
        frames.start(keeping: [0, 3, 7])
        try await wait { frames.capturedCount == 10 }
        var numbers: [Int] = []
        for _ in 0..<4 { numbers.append(try #require(try await frames.take()).number) }
        #expect(numbers == [0, 3, 7, 9])
        #expect(frames.droppedCount == 6)
        frames.stop()
    }

    @Test("With the policy `all` the source waits, and nothing is dropped")
    func all() async throws {
        let frames = LiveFrames(ScriptedCapture(50), policy: .all)
        frames.start()
        for number in 0..<50 {
            if number % 10 == 0 { try await Task.sleep(for: .milliseconds(5)) }
            let frame = try #require(try await frames.take())
            #expect((frame.number, frame.index) == (number, number))
            // One waits, one more is held by the source.
            #expect(frames.capturedCount <= number + 3)
            #expect(abs(frame.seconds - Double(number) / 10) < 1e-9)
        }
        #expect(try await frames.take() == nil)
        #expect(frames.droppedCount == 0)
    }

    @Test("Frames do not pile up, whatever the source does", arguments: LivePolicy.allCases)
    func bounded(policy: LivePolicy) async throws {
        let capture = ScriptedCapture(policy == .latest ? 20_000 : 300)
        let frames = LiveFrames(capture, policy: policy)
        frames.start()
        var taken = 0
        while let frame = try await frames.take() {
            taken += 1
            #expect(try frames.frame(at: frame.index).size == capture.size)
            if frame.index >= 4 { #expect(throws: MediaError.self) { try frames.frame(at: frame.index - 4) } }
        }
        #expect(taken + frames.droppedCount == frames.capturedCount)
        #expect(capture.alive.withLock { $0.most } <= 4)
        #expect(frames.waitingCount == 0)
    }

    @Test("The end comes after the last frame, and an error after the frames before it")
    func end() async throws {
        let empty = LiveFrames(ScriptedCapture(0))
        empty.start()
        #expect(try await empty.take() == nil)
        let broken = LiveFrames(ScriptedCapture(2, failure: FileError.stalled("script", seconds: 1)), policy: .all)
        broken.start()
        #expect(try await broken.take()?.number == 0)
        #expect(try await broken.take()?.number == 1)
        await #expect(throws: FileError.stalled("script", seconds: 1)) { try await broken.take() }
    }

    @Test("Waiting for a frame ends with the task that waits, or with the capture")
    func cancellation() async throws {
        let frames = LiveFrames(ScriptedCapture(10, limit: 0))
        frames.start()
        let task = Task { try await frames.take() }
        try await wait { frames.isAwaited }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let other = Task { try await frames.take() }
        try await wait { frames.isAwaited }
        frames.stop()
        #expect(try await other.value == nil)
    }

    @Test("A source that waits with `all` is let go when the capture is stopped")
    func letGo() async throws {
        let capture = ScriptedCapture(1000)
        weak var released: LiveFrames?
        do {
            let frames = LiveFrames(capture, policy: .all)
            released = frames
            frames.start()
            try await wait { frames.capturedCount == 2 }
            frames.stop()
        }
        try await wait { released == nil }
    }

    @Test("Larger frames are made smaller, the originals stay")
    func scaling() async throws {
        let frames = LiveFrames(ScriptedCapture(1), policy: .all, longestSide: 2)
        frames.start()
        #expect(frames.size == ImageSize(width: 2, height: 1))
        #expect(frames.originalSize == ImageSize(width: 4, height: 2))
        let frame = try #require(try await frames.take())
        #expect(frame.original.size == frames.originalSize)
        #expect(try frames.frame(at: 0).size == frames.size)
    }
}
