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
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

static const int CFFmpegErrorEOF = AVERROR_EOF;
static inline int CFFmpegError(int code) { return AVERROR(code); }
static const int CFFmpegErrorAgain = AVERROR(EAGAIN);
static const int64_t CFFmpegNoTimestamp = AV_NOPTS_VALUE;
static inline void CFFmpegSilenceLog(void) { av_log_set_level(AV_LOG_QUIET); }

#endif
