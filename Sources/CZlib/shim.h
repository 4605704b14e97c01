// zlib as Swift can import it: `inflateInit` is a macro.
#ifndef CZLIB_SHIM_H
#define CZLIB_SHIM_H

#include <zlib.h>

static inline int CZlibInflateInit(z_stream *stream) { return inflateInit(stream); }

#endif
