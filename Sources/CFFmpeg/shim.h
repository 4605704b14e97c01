// FFmpeg's C API as Swift can import it: the headers, and the macros Swift cannot see as functions and constants.
#ifndef CFFMPEG_SHIM_H
#define CFFMPEG_SHIM_H

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/md5.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/sha.h>
#include <libswscale/swscale.h>

static const int CFFmpegErrorEOF = AVERROR_EOF;
static inline int CFFmpegError(int code) { return AVERROR(code); }
static const int CFFmpegErrorAgain = AVERROR(EAGAIN);
static const int64_t CFFmpegNoTimestamp = AV_NOPTS_VALUE;
static inline void CFFmpegSilenceLog(void) { av_log_set_level(AV_LOG_QUIET); }

// The nine numbers of a stream's display matrix; NULL when there is none.
static inline const int32_t *CFFmpegDisplayMatrix(const AVStream *stream) {
#if LIBAVFORMAT_VERSION_MAJOR >= 61
    const AVPacketSideData *side = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    return side && side->size >= 9 * sizeof(int32_t) ? (const int32_t *)side->data : NULL;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    return data && size >= 9 * sizeof(int32_t) ? (const int32_t *)data : NULL;
#endif
}

// The same of a picture, whose data may have one of its own.
static inline const int32_t *CFFmpegFrameDisplayMatrix(const AVFrame *frame) {
    const AVFrameSideData *side = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    return side && side->size >= 9 * sizeof(int32_t) ? (const int32_t *)side->data : NULL;
}

// Whether a picture starts anew, without what came before it.
static inline int CFFmpegIsKeyFrame(const AVFrame *frame) {
#ifdef AV_FRAME_FLAG_KEY
    return (frame->flags & AV_FRAME_FLAG_KEY) != 0;
#else
    return frame->key_frame;
#endif
}

#endif
