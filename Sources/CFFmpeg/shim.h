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
#include <libswscale/swscale.h>

static const int CFFmpegErrorEOF = AVERROR_EOF;
static inline int CFFmpegError(int code) { return AVERROR(code); }
static const int CFFmpegErrorAgain = AVERROR(EAGAIN);
static const int64_t CFFmpegNoTimestamp = AV_NOPTS_VALUE;
static inline void CFFmpegSilenceLog(void) { av_log_set_level(AV_LOG_QUIET); }

// Degrees by which the decoded picture must be turned counter-clockwise to be shown upright, from the display matrix; 0 when there is none.
static inline double CFFmpegRotation(const AVStream *stream) {
    const int32_t *matrix = NULL;
#if LIBAVFORMAT_VERSION_MAJOR >= 61
    const AVPacketSideData *side = av_packet_side_data_get(
        stream->codecpar->coded_side_data, stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
    if (side && side->size >= 9 * sizeof(int32_t)) matrix = (const int32_t *)side->data;
#else
    size_t size = 0;
    const uint8_t *data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
    if (data && size >= 9 * sizeof(int32_t)) matrix = (const int32_t *)data;
#endif
    return matrix ? av_display_rotation_get(matrix) : 0;
}

#endif
