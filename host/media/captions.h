/* Subtitle files. */
#ifndef M6_HOST_MEDIA_CAPTIONS_H
#define M6_HOST_MEDIA_CAPTIONS_H

#include "media/media.h"

enum m6_status media_captions_write(const struct m6_media_captions_params *, const struct m6_media_cue *, size_t count, struct m6_error *);

#endif
