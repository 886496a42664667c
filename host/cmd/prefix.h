/* Folders that the host core has no finder for, beside the program or the user's own. */
#ifndef M6_CMD_PREFIX_H
#define M6_CMD_PREFIX_H

#include <stddef.h>

/* rest under the folder above bin/. Writes a path and returns 0, or -1. */
int prefix_path(const char *rest, char *path, size_t size);
/* rest under $XDG_DATA_HOME/m6, or ~/.local/share/m6. */
int prefix_user_data(const char *rest, char *path, size_t size);

#endif
