import CFFmpeg
import Foundation

extension VideoDecoder {
    /// Reads all packets without decoding. The decoder is of no use afterwards.
    func listPackets() -> PacketIndex {
        var index = PacketIndex()
        var hasKeyframe = false
        var firstShown = Int64.min
        var (leading, hidden) = (0, 0)
        let promised = promisedSeconds
        // The length is that of the longest stream.
        if promised != nil { setOtherStreams(discard: AVDISCARD_DEFAULT) }
        var end = 0.0
        var code = av_read_frame(format.pointer, packet.pointer)
        while code >= 0 {
            defer {
                av_packet_unref(packet.pointer)
                code = av_read_frame(format.pointer, packet.pointer)
            }
            let found = packet.pointer.pointee
            end = max(end, self.end(of: found))
            guard found.stream_index == stream.pointee.index else { continue }
            if found.flags & Int32(AV_PKT_FLAG_CORRUPT) != 0 {
                index.isCut = true
                continue
            }
            let isKeyframe = found.flags & Int32(AV_PKT_FLAG_KEY) != 0
            if isKeyframe && !hasKeyframe {
                hasKeyframe = true
                leading = index.timestamps.count
                firstShown = found.pts
            }
            // Edit lists hide frames.
            guard found.flags & Int32(AV_PKT_FLAG_DISCARD) == 0 else {
                hidden += 1
                continue
            }
            if found.pts == CFFmpegNoTimestamp { index.isOrderOnly = true }
            index.timestamps.append(found.pts)
            if isKeyframe, found.pts != CFFmpegNoTimestamp {
                index.keyframes.append(
                    .init(shown: found.pts, decoded: found.dts == CFFmpegNoTimestamp ? found.pts : min(found.dts, found.pts)))
            }
        }
        if code != CFFmpegErrorEOF { index.isCut = true }
        // What comes before the first keyframe, or is shown before it, cannot be decoded (a recording that starts in mid-stream).
        if hasKeyframe {
            index.timestamps.removeFirst(leading)
            if !index.isOrderOnly { index.timestamps.removeAll { $0 < firstShown } }
        }
        index.complete(ticksPerFrame: ticksPerFrame, timeBase: timeBase)
        let promisedFrames = max(0, Int(clamping: stream.pointee.nb_frames)) - hidden
        index.promisedCount = max(promisedFrames, index.timestamps.count)
        index.damage = damage(index, end: end, promised: promised)
        return index
    }

    private func damage(_ index: PacketIndex, end: Double, promised: Double?) -> String? {
        let count = index.timestamps.count
        // One packet may be a frame that is never shown.
        if index.promisedCount > count + 1 { return "the file is cut short: \(count) of \(index.promisedCount) frames are there" }
        if let missing = ContainerLength.missingBytes(path) { return "the file is cut short: its last \(missing) bytes are missing" }
        if let promised, end > 0 {
            // The last frame may be shown for long, as others are; lengths in headers are rounded.
            let gap = zip(index.timestamps, index.timestamps.dropFirst()).reduce(0.0) { max($0, Double($1.1) - Double($1.0)) }
            let tolerance = max(1, 2 * gap * seconds(1, stream), promised / 50)
            if end < promised - tolerance {
                return String(format: "the file is cut short: it ends after %.1f of %.1f seconds", end, promised)
            }
        }
        return index.isCut ? "the file is damaged or cut short: a part of its data is not whole" : nil
    }

    /// How long the header says that the file is, where nothing better is known: neither a number of frames nor of bytes.
    private var promisedSeconds: Double? {
        let context = format.pointer.pointee
        guard stream.pointee.nb_frames <= 0, context.duration > 0, context.duration_estimation_method == AVFMT_DURATION_FROM_STREAM,
            let name = context.iformat.pointee.name, ["flv", "asf"].contains(String(cString: name))
        else { return nil }
        return Double(context.duration) / Double(AV_TIME_BASE)
    }

    /// When what a packet holds has been shown, in seconds; 0 where that is not known.
    private func end(of packet: AVPacket) -> Double {
        guard packet.pts != CFFmpegNoTimestamp, packet.stream_index >= 0, packet.stream_index < format.pointer.pointee.nb_streams,
            let owner = format.pointer.pointee.streams?[Int(packet.stream_index)]
        else { return 0 }
        return seconds(Double(packet.pts) + Double(max(0, packet.duration)), owner)
    }

    private func seconds(_ ticks: Double, _ stream: UnsafeMutablePointer<AVStream>) -> Double {
        ticks * Double(stream.pointee.time_base.num) / Double(max(1, stream.pointee.time_base.den))
    }

    private var ticksPerFrame: Int64 {
        let rate = av_guess_frame_rate(format.pointer, stream, nil)
        guard rate.num > 0, rate.den > 0 else { return 1 }
        return max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), stream.pointee.time_base))
    }
}
