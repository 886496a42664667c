/* Where a host is found: socket paths, private folders, connecting, listening, and who is at the other end.
 *
 * Threads: any. */
#ifndef M6_HOST_PROTO_ADDRESS_H
#define M6_HOST_PROTO_ADDRESS_H

#include <stddef.h>

#include "m6/status.h"

enum { M6_ADDRESS_MAX = 108 }; /* of a sockaddr_un, terminator included */

/* The socket's path: `given`, else M6_HOST, else in XDG_RUNTIME_DIR/m6, else in /tmp/m6-UID. The last two folders are made; one that
 * is not a private folder of this user is refused (M6_ERR_IO). "none" is M6_ERR_UNSUPPORTED. A relative path is made absolute. */
enum m6_status m6_address_find(const char *given, char *path, size_t size, struct m6_error *);

/* Connects; *fd is non-blocking, close-on-exec. *absent (may be NULL): nobody serves there, so that a host may be started. A host of
 * another user is refused. */
enum m6_status m6_address_connect(const char *path, int *fd, int *absent, struct m6_error *);
/* Listens on a socket of mode 0600 that appears when it is ready, in place of a dead one. The caller holds the host's lock. */
enum m6_status m6_address_listen(const char *path, int *fd, struct m6_error *);
/* Whether this user is at the other end; *pid (may be NULL) receives the process. */
int m6_address_is_own(int fd, int *pid);
/* Opens and locks path + suffix. wait 0: M6_ERR_LIMIT when another holds it. *fd: close to let go. */
enum m6_status m6_address_lock(const char *path, const char *suffix, int wait, int *fd, struct m6_error *);

#endif
