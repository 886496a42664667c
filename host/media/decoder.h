/* A video, decoded frame by frame with the exact time that each is shown. */
#ifndef M6_HOST_MEDIA_DECODER_H
#define M6_HOST_MEDIA_DECODER_H

#include <libavutil/frame.h>

#include "m6/frame.h"
#include "media/media.h"

struct media_decoder;

struct media_decoder_info {
    int still, seekable;
    int64_t duration_ns; /* when the last frame ends; 0: not known */
    struct m6_frame_turn turn;
    int width, height; /* as displayed */
};

/* params is used until close; its strings and callbacks must live as long. */
enum m6_status media_decoder_open(const struct m6_media_source_params *, struct media_decoder **, struct m6_error *);
void media_decoder_close(struct media_decoder *);
const struct media_decoder_info *media_decoder_info(const struct media_decoder *);

/* The next frame, shown in [*start_ns, *end_ns). *got 0: the end; what went wrong on the way has been warned of. */
enum m6_status media_decoder_next(struct media_decoder *, AVFrame *, int64_t *start_ns, int64_t *end_ns, int *got, struct m6_error *);
/* Goes on from a frame shown at or before time_ns. */
enum m6_status media_decoder_seek(struct media_decoder *, int64_t time_ns, struct m6_error *);
AVRational media_decoder_aspect(const struct media_decoder *, AVFrame *);

#endif
