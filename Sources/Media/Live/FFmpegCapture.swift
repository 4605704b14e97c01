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
    /// - Throws: `MediaError` when it is not a video.
    public convenience init(path: String, timeout: Double? = nil) throws {
        try self.init(ByteStream(path: path, timeout: timeout))
    }

    init(_ stream: ByteStream) throws {
        _ = quietFFmpeg
        func failed(_ reason: String) -> MediaError { .unreadable(path: stream.name, reason: reason) }
        guard let input = ByteInput(stream), let context = avformat_alloc_context() else { throw failed("no memory") }
        context.pointee.pb = input.context
        context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        var opened: UnsafeMutablePointer<AVFormatContext>? = context
        let code = avformat_open_input(&opened, nil, nil, nil)
        if let error = input.failure {
            avformat_close_input(&opened)
            throw error
        }
        decoder = try VideoDecoder(opened, code: code, path: stream.name, resource: input, isLive: true)
        (name, self.input, size) = (stream.name, .bytes(input), decoder.declaredSize)
        guard size.pixelCount > 0 else { throw failed("its frame size is not known before its first frame") }
    }

    /// - Parameters:
    ///   - address: whatever protocol this FFmpeg has.
    ///   - timeout: as for a path.
    /// - Throws: `MediaError` when nothing is there or it is not a video.
    public init(address: String, timeout: Double? = nil) throws {
        _ = quietFFmpeg
        let deadline = Deadline(timeout)
        var opened = avformat_alloc_context()
        opened?.pointee.interrupt_callback = AVIOInterruptCB(
            callback: { opaque in
                guard let opaque else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(opaque).takeUnretainedValue().isOver ? 1 : 0
            }, opaque: Unmanaged.passUnretained(deadline).toOpaque())
        let code = avformat_open_input(&opened, address, nil, nil)
        if let timeout, code < 0, deadline.isOver { throw MediaError.stalled(address, seconds: timeout) }
        decoder = try VideoDecoder(opened, code: code, path: address, resource: deadline, isLive: true)
        (name, input, size) = (address, .address(deadline), decoder.declaredSize)
        guard size.pixelCount > 0 else {
            throw MediaError.unreadable(path: address, reason: "its frame size is not known before its first frame")
        }
    }

    public func next() throws -> CapturedFrame? {
        if case .address(let deadline) = input { deadline.extend() }
        guard let frame = decoder.next() else {
            try checkEnd()
            return nil
        }
        let held = HeldFrame(frame)
        let timestamp = decoder.timestamp(of: frame)
        let seconds: Double? = timestamp == CFFmpegNoTimestamp ? nil : {
            firstTimestamp = firstTimestamp ?? timestamp
            return Double(timestamp - (firstTimestamp ?? timestamp)) * Double(decoder.timeBase.numerator) / Double(decoder.timeBase.denominator)
        }()
        return CapturedFrame(streamSeconds: seconds) { [self] in
            guard let frame = held.frame, let image = converting.withLock({ decoder.picture(frame.pointer) }) else {
                throw MediaError.unreadable(path: name, reason: "a frame of it cannot be converted to RGB")
            }
            return image
        }
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
            if let timeout = deadline.timeout, deadline.isOver { throw MediaError.stalled(name, seconds: timeout) }
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

/// How long FFmpeg may wait.
private final class Deadline: Sendable {
    let timeout: Double?
    private let state: Protected<(end: ContinuousClock.Instant?, isStopped: Bool)>

    init(_ timeout: Double?) {
        self.timeout = timeout
        state = Protected((timeout.map { .now + .seconds($0) }, false))
    }

    var isStopped: Bool { state.withLock { $0.isStopped } }
    var isOver: Bool { state.withLock { state in state.isStopped || (state.end.map { ContinuousClock.now > $0 } ?? false) } }

    func extend() { state.withLock { $0.end = timeout.map { .now + .seconds($0) } } }
    func stop() { state.withLock { $0.isStopped = true } }
}
