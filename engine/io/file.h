/* Whole files: mapped to read, and written whole or not at all. */
#ifndef M6_IO_FILE_H
#define M6_IO_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

struct m6_file {
    const void *data; /* not NULL, even for an empty file */
    size_t size;
};

/* A mapping changes with the file, and touching what was cut off it kills the process (SIGBUS): for files that nobody else writes. */
enum m6_status m6_file_map(struct m6_file *, const char *path, struct m6_error *err);
/* The same with the descriptor left open for m6_file_pread, and the first bytes (as many as its own eight-byte length says, and those
 * eight) as a copy: how safetensors files begin. */
enum m6_status m6_file_map_headed(struct m6_file *, int *fd, const char *path, struct m6_error *err);
/* The same as a copy in memory, which nobody can change or cut off. */
enum m6_status m6_file_copy(struct m6_file *, const char *path, struct m6_error *err);
void m6_file_unmap(struct m6_file *);
/* Reads all of a range; -1: the file is too short by now, or errno. */
int m6_file_pread(int fd, void *to, size_t size, uint64_t at);

struct m6_bytes {
    const void *data;
    size_t size;
};

/* Writes the pieces one behind another into a file beside path, syncs it and renames it to path. */
enum m6_status m6_file_write(const char *path, const struct m6_bytes *piece, int pieces, struct m6_error *err);

#endif
