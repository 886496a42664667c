/* Text on its way out: bytes come as tokens cut them, whole characters leave, and nothing leaves that could still turn out
 * to be the string at which the answer stops. */
#ifndef M6_TEXT_STREAM_H
#define M6_TEXT_STREAM_H

#include <stddef.h>

#include "m6/status.h"

struct m6_stream {
    char *stop; /* NULL: none */
    size_t stop_size;
    char *held; /* bytes that have not left */
    size_t used, room;
    char *clean; /* what leaves: well formed and terminated */
    size_t clean_room;
};

/* stop: NULL or "" for none; copied. */
enum m6_status m6_stream_init(struct m6_stream *, const char *stop);
void m6_stream_finish(struct m6_stream *);

/* Takes bytes in; *text is what may leave now ("" for nothing; valid until the next call). *stopped tells that the stop
 * string has come: text then ends before it, and there will be no more. Bytes that no later byte can make a character
 * leave as U+FFFD. */
enum m6_status m6_stream_push(struct m6_stream *, const char *bytes, size_t size, const char **text, int *stopped);
/* What is left at the end of the answer. */
enum m6_status m6_stream_flush(struct m6_stream *, const char **text);

#endif
