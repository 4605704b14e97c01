import CFFmpeg
import Foundation

/// The sound that belongs to a stretch of a video file, for `VideoWriter`.
public struct SoundSource: Sendable, Equatable {
    public var path: String
    /// What in the file's own time is time 0 of the new video, in seconds.
    public var start: Double

    public init(path: String, start: Double) { (self.path, self.start) = (path, start) }
}

/// Copies a file's sound, as it is compressed, beside new pictures. Pictures without sound are better than none: what cannot be copied is
/// left out, and `problem` says so.
final class SoundCopy {
    private struct Track {
        var source: UnsafeMutablePointer<AVStream>
        var target: UnsafeMutablePointer<AVStream>
        var trial: SoundTrial
        /// Time 0 of the new video, in the source's ticks.
        var start: Int64
        var lastDecoded = Int64.min
    }

    /// Why sound is missing; nil where all that there is was copied.
    private(set) var problem: String?
    private let input: Owned<AVFormatContext>
    private let packet: Owned<AVPacket>
    /// By the number of the source's stream.
    private var tracks: [Int32: Track] = [:]
    private var hasPending = false
    private var isAtEnd = false

    /// Adds a stream to `output`, whose header is not written yet, for each of the source's sound streams that its container takes.
    /// - Returns: nil where the source has no sound.
    init?(_ source: SoundSource, to output: UnsafeMutablePointer<AVFormatContext>) {
        // A file that is no video any more has no sound.
        guard source.start.isFinite, let packet = makePacket(),
            let file = try? OpenedBytes("file:" + source.path, protocols: "file", path: source.path), let bytes = file.context,
            let opened = try? InputPolicy.selfContained.open(bytes, path: source.path)
        else { return nil }
        (input, self.packet) = (closing(opened, before: file), packet)
        guard avformat_find_stream_info(input.pointer, nil) >= 0 else { return nil }
        var hasSound = false
        for number in 0..<Int32(clamping: input.pointer.pointee.nb_streams) {
            guard let stream = input.pointer.pointee.streams?[Int(number)] else { continue }
            stream.pointee.discard = AVDISCARD_ALL
            guard stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO else { continue }
            hasSound = true
            guard let trial = Self.trial(stream, output.pointee.oformat), let target = Self.makeStream(like: stream, in: output) else {
                note(stream, "this container does not take it (.mkv takes almost every kind)")
                continue
            }
            stream.pointee.discard = AVDISCARD_DEFAULT
            let start = source.start * Double(max(1, stream.pointee.time_base.den)) / Double(max(1, stream.pointee.time_base.num))
            tracks[number] = Track(source: stream, target: target, trial: trial, start: Int64(exactly: start.rounded()) ?? 0)
        }
        guard hasSound else { return nil }
        seek(to: source.start)
    }

    /// Where that fails reading begins at the file's start.
    private func seek(to start: Double) {
        guard start > 1, let time = Int64(exactly: ((start - 1) * Double(AV_TIME_BASE)).rounded()) else { return }
        avformat_seek_file(input.pointer, -1, Int64.min, time, time, 0)
    }

    private func note(_ stream: UnsafeMutablePointer<AVStream>, _ reason: String) {
        let name = String(cString: avcodec_get_name(stream.pointee.codecpar.pointee.codec_id))
        if problem == nil { problem = "the sound (\(name)) is not copied: \(reason)" }
    }

    /// nil where the container does not take the stream.
    private static func trial(_ stream: UnsafeMutablePointer<AVStream>, _ container: UnsafePointer<AVOutputFormat>?) -> SoundTrial? {
        guard let container, stream.pointee.codecpar.pointee.codec_id != AV_CODEC_ID_NONE,
            avformat_query_codec(container, stream.pointee.codecpar.pointee.codec_id, FF_COMPLIANCE_NORMAL) == 1
        else { return nil }
        return SoundTrial(like: stream, in: container)
    }

    static func makeStream(
        like source: UnsafeMutablePointer<AVStream>, in output: UnsafeMutablePointer<AVFormatContext>
    ) -> UnsafeMutablePointer<AVStream>? {
        guard let target = avformat_new_stream(output, nil), avcodec_parameters_copy(target.pointee.codecpar, source.pointee.codecpar) >= 0
        else {
            return nil
        }
        // The tag is the container's own name for the codec.
        target.pointee.codecpar.pointee.codec_tag = 0
        target.pointee.time_base = source.pointee.time_base
        target.pointee.disposition = source.pointee.disposition
        if let language = av_dict_get(source.pointee.metadata, "language", nil, 0) {
            av_dict_set(&target.pointee.metadata, "language", language.pointee.value, 0)
        }
        return target
    }

    /// Writes what begins before `end`, in seconds of the new video, and was not written yet.
    func write(until end: Double, to output: UnsafeMutablePointer<AVFormatContext>) {
        while let (number, track, time) = next() {
            let source = track.source.pointee.time_base
            guard time * Double(source.num) / Double(max(1, source.den)) < end else { return }
            hasPending = false
            // Sound from before the first picture would move all pictures.
            guard time >= 0, isLater(packet.pointer.pointee, number) else {
                av_packet_unref(packet.pointer)
                continue
            }
            guard track.trial.takes(packet.pointer, timeBase: source) else {
                note(track.source, "its data is damaged, or this container does not take it")
                av_packet_unref(packet.pointer)
                isAtEnd = true
                return
            }
            av_packet_rescale_ts(packet.pointer, source, track.target.pointee.time_base)
            packet.pointer.pointee.stream_index = track.target.pointee.index
            packet.pointer.pointee.pos = -1
            let code = av_interleaved_write_frame(output, packet.pointer)
            av_packet_unref(packet.pointer)
            guard code >= 0 else {
                note(track.source, ffmpegMessage(code).lowercased())
                isAtEnd = true
                return
            }
        }
    }

    /// The next packet of sound, in `packet`, with its times from the new video's start on; `time` is its time of presentation in the
    /// source's ticks.
    private func next() -> (number: Int32, track: Track, time: Double)? {
        while !isAtEnd {
            if !hasPending {
                guard av_read_frame(input.pointer, packet.pointer) >= 0 else {
                    isAtEnd = true
                    break
                }
                let found = packet.pointer.pointee
                guard let track = tracks[found.stream_index], found.flags & Int32(AV_PKT_FLAG_CORRUPT) == 0 else {
                    av_packet_unref(packet.pointer)
                    continue
                }
                let decoded = found.dts != CFFmpegNoTimestamp ? found.dts : found.pts
                let shown = found.pts != CFFmpegNoTimestamp ? found.pts : decoded
                guard decoded != CFFmpegNoTimestamp, case (let dts, false) = decoded.subtractingReportingOverflow(track.start),
                    case (let pts, false) = shown.subtractingReportingOverflow(track.start)
                else {
                    av_packet_unref(packet.pointer)
                    continue
                }
                (packet.pointer.pointee.dts, packet.pointer.pointee.pts) = (min(dts, pts), pts)
                hasPending = true
            }
            guard let track = tracks[packet.pointer.pointee.stream_index] else { return nil }
            return (packet.pointer.pointee.stream_index, track, Double(packet.pointer.pointee.pts))
        }
        return nil
    }

    /// Whether a packet comes after the one written last: containers refuse others.
    private func isLater(_ packet: AVPacket, _ number: Int32) -> Bool {
        guard let last = tracks[number]?.lastDecoded, packet.dts > last else { return false }
        tracks[number]?.lastDecoded = packet.dts
        return true
    }
}
