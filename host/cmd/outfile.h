/* Files that appear whole or not at all: written beside their place under a hidden name, synced,
 * then renamed.
 *
 * Use: outfile_check every output before any work; outfile_begin; write to ->temp (or through
 * outfile_write); outfile_commit; outfile_finish always. Devices and pipes (/dev/null, a FIFO) are
 * written to directly.
 */
#ifndef M6_CMD_OUTFILE_H
#define M6_CMD_OUTFILE_H

#include <stddef.h>

#include "m6/status.h"

struct outfile {
    char *path;
    char *temp; /* what to write to; same as path if that is no regular file */
    int overwrite;
};

/* Whether path could be made: its folder exists and can be written, and it is not there yet unless
 * overwrite. */
enum m6_status outfile_check(const char *path, int overwrite, struct m6_error *err);
enum m6_status outfile_begin(struct outfile *, const char *path, int overwrite,
                             struct m6_error *err);
enum m6_status outfile_write(struct outfile *, const void *data, size_t size, struct m6_error *err);
enum m6_status outfile_commit(struct outfile *, struct m6_error *err);
/* A writer that was given the hidden name says it in its sentence; people know the file by its path. */
void outfile_name_in(const struct outfile *, struct m6_error *err);
/* Removes a file that was committed and replaced none: when one of several that belong together
 * fails. */
void outfile_withdraw(const struct outfile *);
/* Removes the temporary if it was not committed, and frees. Zeroed structs are fine. */
void outfile_finish(struct outfile *);
/* Removes every temporary there is; for the way out. */
void outfile_abandon_all(void);

/* begin, write, commit and finish in one. */
enum m6_status outfile_put(const char *path, int overwrite, const void *data, size_t size,
                           struct m6_error *err);

/* The extension of a path without the dot, "" if none. */
const char *outfile_extension(const char *path);
/* path with its extension replaced by suffix ("-001.png", ".srt"); caller frees, NULL when out of
 * memory. */
char *outfile_sibling(const char *path, const char *suffix);
/* Whether path is there and is no regular file, so that neither extension nor --overwrite mean
 * anything. */
int outfile_is_device(const char *path);

#endif
