/* What m6caption's string of options says, in the syntax of m6gen's (gen_options.h).
 *
 * Threads: as the caller orders them.
 */
#ifndef M6_FREI0R_CAPTION_OPTIONS_H
#define M6_FREI0R_CAPTION_OPTIONS_H

#include <stdint.h>

#include <m6/status.h>

enum caption_format { CAPTION_SRT, CAPTION_VTT, CAPTION_JSON, CAPTION_FORMATS };

struct caption_options {
    int64_t every;     /* nanoseconds from one caption to the next, at least a millisecond; 2 s */
    char *language;    /* "en" */
    int64_t seed;
    char *model, *host;
    int64_t timeout;   /* nanoseconds to wait for one caption; 60 s */
    char *destination; /* the sidecar's path, or NULL */
    enum caption_format format; /* by the path's end, unless given */
    int passes;        /* on_error=pass: an error is not shown */
    char *track;       /* parts videos of one process that have the same options otherwise; "" */
};

enum m6_status caption_options_parse(struct caption_options *, const char *text, struct m6_error *);
void caption_options_finish(struct caption_options *);

#endif
