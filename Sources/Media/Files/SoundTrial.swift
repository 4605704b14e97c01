import CFFmpeg

/// Writes one stream of sound into a container that is thrown away. What a container refuses it may refuse late, when pictures are
/// written; so all sound comes through here first.
final class SoundTrial {
    private let io: Owned<AVIOContext>
    private let container: Owned<AVFormatContext>

    /// - Returns: nil where the container does not take the stream.
    init?(like stream: UnsafeMutablePointer<AVStream>, in format: UnsafePointer<AVOutputFormat>) {
        let size = 4096
        guard let buffer = av_malloc(size) else { return nil }
        let opened = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Int32(size), 1, nil, nil, { _, _, count in count },
            { _, offset, whence in whence == AVSEEK_SIZE ? -1 : offset })
        if opened == nil { av_free(buffer) }
        guard
            let io = Owned(
                opened,
                free: { pointer in
                    av_free(pointer.pointee.buffer)
                    var context: UnsafeMutablePointer<AVIOContext>? = pointer
                    avio_context_free(&context)
                })
        else { return nil }
        var allocated: UnsafeMutablePointer<AVFormatContext>?
        avformat_alloc_output_context2(&allocated, format, nil, nil)
        guard
            let container = Owned(
                allocated,
                free: { pointer in
                    withExtendedLifetime(io) {
                        pointer.pointee.pb = nil
                        avformat_free_context(pointer)
                    }
                }), SoundCopy.makeStream(like: stream, in: container.pointer) != nil
        else { return nil }
        container.pointer.pointee.pb = io.pointer
        guard avformat_write_header(container.pointer, nil) >= 0 else { return nil }
        (self.io, self.container) = (io, container)
    }

    /// Whether a packet can be written after those before it.
    /// - Parameter timeBase: the one of the packet's times.
    func takes(_ packet: UnsafeMutablePointer<AVPacket>, timeBase: AVRational) -> Bool {
        guard let copy = Owned(av_packet_clone(packet), free: Self.free), let target = container.pointer.pointee.streams?[0] else {
            return false
        }
        av_packet_rescale_ts(copy.pointer, timeBase, target.pointee.time_base)
        copy.pointer.pointee.stream_index = 0
        copy.pointer.pointee.pos = -1
        return av_write_frame(container.pointer, copy.pointer) >= 0
    }

    private static func free(_ pointer: UnsafeMutablePointer<AVPacket>) {
        var packet: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&packet)
    }
}
