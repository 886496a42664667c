/* Which program a frame comes from, and what it does otherwise than frei0r says. There is no field for it, so it is told by the library that the call
 * of f0r_update returns to:
 *
 *     libavfilter up to 11.4 (FFmpeg 8.0)   times are milliseconds, not seconds; frames of which FFmpeg had to copy the rows have none
 *     libavfilter up to 8 (FFmpeg 5)        rows are padded to 16 pixels
 *     a program called ff…                  one with FFmpeg built in, whose version cannot be seen: as FFmpeg 8.0
 *     all else                              as frei0r says
 *
 * M6_FREI0R_TIME=s or ms in the environment counts more, for a program that has FFmpeg built in.
 * Looked up in the sources of FFmpeg 5.1.9, 7.1.5, 8.1.2 and 9.0.2.
 *
 * Threads: any.
 */
#ifndef M6_FREI0R_CALLER_H
#define M6_FREI0R_CALLER_H

#include <stddef.h>
#include <stdint.h>

struct caller {
    const void *address; /* NULL: not looked up yet */
    double second;       /* how many units of time it has */
    int padded;
};

/* Looks it up, unless that was done for the same address. */
void caller_find(struct caller *, const void *return_address);
/* What caller_find goes by: the file that the address lies in, and libavfilter's version (0: it is not that). */
void caller_judge(struct caller *, const char *file, unsigned int version);
/* Pixels from row to row. */
size_t caller_stride(const struct caller *, int width);
/* Nanoseconds; 1: the host gives no time, and *ns is 0. */
int caller_time(const struct caller *, double time, int64_t *ns);

#endif
