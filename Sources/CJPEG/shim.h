// libjpeg-turbo as Swift can use it: its errors leave by longjmp, which must not pass through Swift. Here they become codes.
#ifndef CJPEG_SHIM_H
#define CJPEG_SHIM_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <setjmp.h>
#include <jpeglib.h>
#include <jerror.h>

#ifndef LIBJPEG_TURBO_VERSION
#error "This libjpeg is not libjpeg-turbo, whose pixels are wanted: others upsample colours differently."
#endif

typedef struct {
    struct jpeg_decompress_struct decoder;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    // Whether what the library warned of means that pixels are missing or wrong.
    int isDamaged;
    char message[JMSG_LENGTH_MAX];
} CJPEGReader;

static inline void CJPEGKeepMessage(j_common_ptr common) {
    CJPEGReader *reader = (CJPEGReader *)common->client_data;
    common->err->format_message(common, reader->message);
}

static inline void CJPEGFail(j_common_ptr common) {
    CJPEGKeepMessage(common);
    longjmp(((CJPEGReader *)common->client_data)->escape, 1);
}

static inline void CJPEGWarn(j_common_ptr common, int level) {
    if (level >= 0) return;
    switch (common->err->msg_code) {
    // Bytes between segments, odd versions and colour codes: the pixels are whole.
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM:
        return;
    default:
        if (!((CJPEGReader *)common->client_data)->isDamaged) CJPEGKeepMessage(common);
        ((CJPEGReader *)common->client_data)->isDamaged = 1;
    }
}

static inline void CJPEGDropMessage(j_common_ptr common) { (void)common; }

// A file of a thousand scans takes hours; encoders make a dozen.
static inline void CJPEGLimitScans(j_common_ptr common) {
    if (common->is_decompressor && ((j_decompress_ptr)common)->input_scan_number > 200) {
        snprintf(((CJPEGReader *)common->client_data)->message, JMSG_LENGTH_MAX, "it has too many scans");
        longjmp(((CJPEGReader *)common->client_data)->escape, 1);
    }
}

static inline void CJPEGClose(CJPEGReader *reader) {
    if (!reader) return;
    if (setjmp(reader->escape) == 0) jpeg_destroy_decompress(&reader->decoder);
    free(reader);
}

// Reads the headers of the JPEG file in `data`, which must stay until CJPEGClose. The reader is to be closed also after failure;
// NULL: no memory.
static inline CJPEGReader *CJPEGOpen(const unsigned char *data, size_t count, int *succeeded) {
    *succeeded = 0;
    CJPEGReader *reader = (CJPEGReader *)calloc(1, sizeof(CJPEGReader));
    if (!reader) return NULL;
    reader->decoder.err = jpeg_std_error(&reader->errors);
    reader->decoder.client_data = reader;
    reader->errors.error_exit = CJPEGFail;
    reader->errors.emit_message = CJPEGWarn;
    reader->errors.output_message = CJPEGDropMessage;
    reader->progress.progress_monitor = CJPEGLimitScans;
    if (setjmp(reader->escape)) return reader;
    jpeg_create_decompress(&reader->decoder);
    reader->decoder.progress = &reader->progress;
    jpeg_mem_src(&reader->decoder, (unsigned char *)data, (unsigned long)count);
    jpeg_save_markers(&reader->decoder, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(&reader->decoder, TRUE);
    *succeeded = 1;
    return reader;
}

// Decodes into `pixels`: rows of `width * components` bytes in the colour space `colours` (JCS_GRAYSCALE, JCS_RGB, JCS_CMYK), with the
// library's own defaults: the exact integer transform, smooth upsampling. Returns whether it came to the file's end.
static inline int CJPEGDecode(CJPEGReader *reader, J_COLOR_SPACE colours, int components, long memoryLimit, unsigned char *pixels) {
    if (setjmp(reader->escape)) return 0;
    j_decompress_ptr decoder = &reader->decoder;
    decoder->mem->max_memory_to_use = memoryLimit;
    decoder->out_color_space = colours;
    jpeg_start_decompress(decoder);
    if (decoder->output_components != components) return 0;
    size_t stride = (size_t)decoder->output_width * (size_t)components;
    while (decoder->output_scanline < decoder->output_height) {
        JSAMPROW row = pixels + (size_t)decoder->output_scanline * stride;
        jpeg_read_scanlines(decoder, &row, 1);
    }
    jpeg_finish_decompress(decoder);
    return 1;
}

// Writing. A writer keeps its bytes in memory of the C library until CJPEGFinish or CJPEGDrop.
typedef struct {
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr errors;
    jmp_buf escape;
    unsigned char *bytes;
    unsigned long count;
} CJPEGWriter;

static inline void CJPEGFailWriting(j_common_ptr common) { longjmp(((CJPEGWriter *)common->client_data)->escape, 1); }

static inline void CJPEGIgnore(j_common_ptr common, int level) {
    (void)common;
    (void)level;
}

static inline void CJPEGDrop(CJPEGWriter *writer) {
    if (!writer) return;
    if (setjmp(writer->escape) == 0) jpeg_destroy_compress(&writer->encoder);
    free(writer->bytes);
    free(writer);
}

// The picture of `height` rows of `width` RGB pixels without padding, as a baseline JPEG with colours at half resolution. NULL: no memory, or
// a size that the format does not have. The writer's bytes are those of the file; to be dropped.
static inline CJPEGWriter *CJPEGWrite(const unsigned char *pixels, int width, int height, int quality) {
    CJPEGWriter *writer = (CJPEGWriter *)calloc(1, sizeof(CJPEGWriter));
    if (!writer) return NULL;
    writer->encoder.err = jpeg_std_error(&writer->errors);
    writer->encoder.client_data = writer;
    writer->errors.error_exit = CJPEGFailWriting;
    writer->errors.emit_message = CJPEGIgnore;
    writer->errors.output_message = CJPEGDropMessage;
    if (setjmp(writer->escape)) {
        CJPEGDrop(writer);
        return NULL;
    }
    jpeg_create_compress(&writer->encoder);
    jpeg_mem_dest(&writer->encoder, &writer->bytes, &writer->count);
    writer->encoder.image_width = (JDIMENSION)width;
    writer->encoder.image_height = (JDIMENSION)height;
    writer->encoder.input_components = 3;
    writer->encoder.in_color_space = JCS_RGB;
    jpeg_set_defaults(&writer->encoder);
    jpeg_set_quality(&writer->encoder, quality, TRUE);
    writer->encoder.dct_method = JDCT_IFAST;
    jpeg_start_compress(&writer->encoder, TRUE);
    while (writer->encoder.next_scanline < writer->encoder.image_height) {
        JSAMPROW row = (JSAMPROW)(pixels + (size_t)3 * (size_t)width * writer->encoder.next_scanline);
        jpeg_write_scanlines(&writer->encoder, &row, 1);
    }
    jpeg_finish_compress(&writer->encoder);
    return writer;
}

#endif
