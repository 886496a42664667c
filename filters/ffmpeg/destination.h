/* Where captions are written: a file, a URL that FFmpeg can write to, or "-", the standard output.
 *
 * FFmpeg makes a new filter when the size of a video changes in the middle. So a process remembers what it has written: an instance whose first frame comes
 * no earlier than the last caption ended goes on behind it, with the next number; any other begins the file anew. What is no file stays open until the
 * process ends.
 *
 * Threads: one destination is used by one thread at a time; different ones are independent, even of the same file.
 */
#ifndef M6_FFMPEG_DESTINATION_H
#define M6_FFMPEG_DESTINATION_H

#include <stdint.h>

#include <m6/status.h>

enum m6_destination_format { M6_DESTINATION_SRT, M6_DESTINATION_VTT, M6_DESTINATION_JSON, M6_DESTINATION_FORMATS };

struct m6_destination;
/* Fails if it cannot be written to; what is there stays until begin. */
enum m6_status m6_destination_open(struct m6_destination **, const char *where, int format, struct m6_error *);
/* With the time of the first frame, once. */
void m6_destination_begin(struct m6_destination *, int64_t time_ns);
void m6_destination_close(struct m6_destination *); /* NULL is fine */

struct m6_destination_caption {
    int64_t start_ns, end_ns;
    const char *text, *model, *language;
};
/* Written through at once. */
enum m6_status m6_destination_write(struct m6_destination *, const struct m6_destination_caption *, struct m6_error *);

#endif
