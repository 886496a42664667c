/* A file that appears whole or not at all: written under a hidden name beside it, then renamed. */
#ifndef M6_HOST_CORE_WHOLE_FILE_H
#define M6_HOST_CORE_WHOLE_FILE_H

#include "m6/status.h"

struct m6_whole_file {
    char path[4096], temp[4096 + 32];
    int overwrite;
    int fd; /* of temp, for writing; -1 when there is none */
};

/* Refuses a path that exists (unless overwrite), is a folder, or whose folder is missing. */
enum m6_status m6_whole_file_open(struct m6_whole_file *, const char *path, int overwrite, struct m6_error *);
/* Syncs, closes and renames. Whatever fails, the hidden file is gone afterwards. */
enum m6_status m6_whole_file_commit(struct m6_whole_file *, struct m6_error *);
/* Drops what was written; does nothing after commit. */
void m6_whole_file_drop(struct m6_whole_file *);

/* What errno says of a failed write, and the remedy if the disk is full. Lives as long as the thread needs to look at it. */
const char *m6_whole_file_why(int error);

#endif
