/* Shared by the files of this folder. */
#ifndef M6_FRAME_CONVERT_H
#define M6_FRAME_CONVERT_H

#include "m6/frame.h"
#include "tone.h"

/* Scales to w × h in a packed format. The rows belong to the converter and last until its next call. */
enum m6_status frame_scale(struct m6_frame_converter *, const AVFrame *, int w, int h, int format, uint8_t **rows, int *stride,
                           struct m6_error *);

#endif
