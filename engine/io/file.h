/* Whole files: mapped to read, and written whole or not at all. */
#ifndef M6_IO_FILE_H
#define M6_IO_FILE_H

#include <stddef.h>

#include "m6/status.h"

struct m6_file {
    const void *data; /* not NULL, even for an empty file */
    size_t size;
};

enum m6_status m6_file_map(struct m6_file *, const char *path, struct m6_error *err);
void m6_file_unmap(struct m6_file *);

struct m6_bytes {
    const void *data;
    size_t size;
};

/* Writes the pieces one behind another into a file beside path, syncs it and renames it to path. */
enum m6_status m6_file_write(const char *path, const struct m6_bytes *piece, int pieces, struct m6_error *err);

#endif
