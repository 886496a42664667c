/* A server in a thread of the test, and raw connections to it. */
#ifndef M6_TESTS_SERVER_SUPPORT_H
#define M6_TESTS_SERVER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/wire.h"
#include "server/server.h"

/* The socket of the running server. */
extern char served[108];
/* params may be NULL; its socket and plugins are filled in. */
void serve(const struct m6_server_params *params);
void serve_end(void); /* drains, joins, and checks that the socket is gone */

/* A connected socket, blocking; greeted unless raw. */
int raw_connect(void);
struct peer {
    struct m6_wire wire;
};
void peer_open(struct peer *);       /* with hello and its answer */
void peer_close(struct peer *);
void peer_say(struct peer *, const char *json);
void peer_say_fd(struct peer *, const char *json, int fd); /* fd stays the caller's */
/* The next message but pings and, unless asked for, progress. NULL: the connection ended, or nothing within half a minute. Delete it. */
cJSON *peer_hear(struct peer *);
/* Skips messages until one of this type. */
cJSON *peer_until(struct peer *, const char *type);
const char *text_in(const cJSON *, const char *key);
/* The bytes of a message, prefix included. */
size_t framed(char *to, const char *json);

/* A memfd of so many bytes, each i & 0xff, with seals. */
int make_memfd(size_t size, int seals);

#endif
