import CFFmpeg
import Foundation
import Support

/// A live stream that FFmpeg decodes, read in order without an index: a container on a pipe (MPEG-TS, Matroska, NUT, ...), or an address
/// (`rtsp://`, `http://`, `udp://`, ...).
public final class FFmpegCapture: LiveCapture, @unchecked Sendable {
    public let name: String
    public let size: ImageSize
    public var pixelAspect: PixelAspect { decoder.pixelAspect }
    private let decoder: VideoDecoder
    private let input: Input
    private let converting = NSLock()
    private var firstTimestamp: Int64?

    /// What FFmpeg reads from, and how that is ended.
    private enum Input {
        case bytes(ByteInput)
        case address(Deadline)
    }

    /// - Parameters:
    ///   - path: a named pipe or a file; "-" is standard input.
    ///   - timeout: seconds without data after which the stream counts as broken; nil: never.
    ///   - followsPlaylists: whether a playlist or a session description (HLS, DASH, SDP) may lead to other addresses; false: they are
    ///     refused.
    /// - Throws: `FileError` or `MediaError` when it is not a video.
    public convenience init(path: String, timeout: Double? = nil, followsPlaylists: Bool = false) throws {
        try self.init(ByteStream(path: path, timeout: timeout), followsPlaylists: followsPlaylists)
    }

    init(_ stream: ByteStream, followsPlaylists: Bool = false) throws {
        _ = quietFFmpeg
        guard let input = ByteInput(stream), let bytes = input.context else {
            throw FileError.unreadable(path: stream.name, reason: "no memory")
        }
        do {
            let opened = try (followsPlaylists ? InputPolicy.playlist : .live).open(bytes, path: stream.name)
            decoder = try VideoDecoder(opened, path: stream.name, resource: input, isLive: true)
        } catch {
            throw input.failure ?? error
        }
        (name, self.input) = (stream.name, .bytes(input))
        size = try Self.size(decoder, name)
    }

    /// - Parameters:
    ///   - address: of the protocols that `LiveAddress` names.
    ///   - timeout: as for a path.
    ///   - followsPlaylists: as for a path.
    /// - Throws: `FileError` or `MediaError` when nothing is there or it is not a video.
    public init(address: String, timeout: Double? = nil, followsPlaylists: Bool = false) throws {
        _ = quietFFmpeg
        let (source, deadline) = (try LiveAddress(address), Deadline(timeout))
        let interrupt = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            }, opaque: Unmanaged.passUnretained(deadline).toOpaque())
        let policy: InputPolicy = followsPlaylists ? .playlist : .live
        do {
            if let container = source.container {
                let opened = try policy.open(address: address, container: container, protocols: source.protocols, interrupt: interrupt)
                decoder = try VideoDecoder(opened, path: address, resource: deadline, isLive: true)
            } else {
                let connection = Connection(
                    bytes: try OpenedBytes(address, protocols: source.protocols, path: address, interrupt: interrupt), deadline: deadline)
                guard let bytes = connection.bytes.context else {
                    throw FileError.unreadable(path: address, reason: "it cannot be opened")
                }
                let opened = try policy.open(bytes, path: address, address: address, interrupt: interrupt)
                decoder = try VideoDecoder(opened, path: address, resource: connection, isLive: true)
            }
        } catch {
            if let timeout = deadline.timeout, deadline.isOver { throw FileError.stalled(address, seconds: timeout) }
            throw error
        }
        (name, input) = (address, .address(deadline))
        size = try Self.size(decoder, address)
    }

    private static func size(_ decoder: VideoDecoder, _ name: String) throws -> ImageSize {
        let size = decoder.declaredSize
        guard size.width > 0, size.height > 0 else {
            throw FileError.unreadable(path: name, reason: "its frame size is not known before its first frame")
        }
        return size
    }

    public func next() throws -> CapturedFrame? {
        if case .address(let deadline) = input { deadline.extend() }
        guard let frame = decoder.next() else {
            try checkEnd()
            return nil
        }
        let held = HeldFrame(frame)
        return CapturedFrame(streamSeconds: seconds(at: decoder.timestamp(of: frame))) { [self] in
            guard let frame = held.frame, let image = converting.withLock({ decoder.picture(frame.pointer) }) else {
                throw FileError.unreadable(path: name, reason: "a frame of it cannot be converted to RGB")
            }
            return image
        }
    }

    /// From the first frame on; nil where the stream says nothing that can be meant.
    private func seconds(at timestamp: Int64) -> Double? {
        guard timestamp != CFFmpegNoTimestamp else { return nil }
        let first = firstTimestamp ?? timestamp
        firstTimestamp = first
        let (ticks, overflows) = timestamp.subtractingReportingOverflow(first)
        let seconds = Double(ticks) * Double(decoder.timeBase.numerator) / Double(decoder.timeBase.denominator)
        return overflows || abs(seconds) > VideoTiming.longestDuration ? nil : seconds
    }

    public func stop() {
        switch input {
        case .bytes(let bytes): bytes.stream.stop()
        case .address(let deadline): deadline.stop()
        }
    }

    /// Tells an end from a break.
    private func checkEnd() throws {
        switch input {
        case .bytes(let bytes): if let failure = bytes.failure { throw failure }
        case .address(let deadline):
            if deadline.isStopped { throw CancellationError() }
            if let timeout = deadline.timeout, deadline.isOver { throw FileError.stalled(name, seconds: timeout) }
        }
    }
}

/// A reference to a decoded frame, which the decoder leaves alone from then on.
private final class HeldFrame: @unchecked Sendable {
    let frame: Owned<AVFrame>?

    init(_ frame: UnsafeMutablePointer<AVFrame>) {
        self.frame = Owned(av_frame_clone(frame)) { pointer in
            var frame: UnsafeMutablePointer<AVFrame>? = pointer
            av_frame_free(&frame)
        }
    }
}

/// A `ByteStream` as FFmpeg reads it.
private final class ByteInput {
    let stream: ByteStream
    /// Why reading ended, where that was not the data's end.
    private(set) var failure: (any Error)?
    private(set) var context: UnsafeMutablePointer<AVIOContext>?

    init?(_ stream: ByteStream) {
        self.stream = stream
        let size = 1 << 15
        guard let buffer = av_malloc(size) else { return nil }
        context = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Int32(size), 0, Unmanaged.passUnretained(self).toOpaque(),
            { opaque, buffer, count in
                guard let opaque, let buffer, count > 0 else { return CFFmpegError(EIO) }
                return Unmanaged<ByteInput>.fromOpaque(opaque).takeUnretainedValue().read(
                    UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
            }, nil, nil)
        guard context != nil else {
            av_free(buffer)
            return nil
        }
    }

    deinit {
        if let context { av_freep(&context.pointee.buffer) }
        avio_context_free(&context)
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int32 {
        do {
            let count = try stream.read(buffer)
            return count > 0 ? Int32(count) : CFFmpegErrorEOF
        } catch {
            failure = error
            return CFFmpegError(EIO)
        }
    }
}

/// What an open address needs, ended in the right order: closing a connection asks the deadline.
private final class Connection {
    let bytes: OpenedBytes
    private let deadline: Deadline

    init(bytes: OpenedBytes, deadline: Deadline) { (self.bytes, self.deadline) = (bytes, deadline) }
}

/// How long FFmpeg may wait.
private final class Deadline: Sendable {
    let timeout: Double?
    private let state: Protected<(end: ContinuousClock.Instant?, isStopped: Bool)>

    init(_ timeout: Double?) {
        let timeout = waitingTime(timeout)
        self.timeout = timeout
        state = Protected((timeout.map { .now + .seconds($0) }, false))
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var isOver: Bool { state.withLock { state in state.isStopped || (state.end.map { ContinuousClock.now > $0 } ?? false) } }

    func extend() { state.withLock { $0.end = timeout.map { .now + .seconds($0) } } }
    func stop() { state.withLock { $0.isStopped = true } }
}
