/* One message: JSON from outside with the checks that cJSON leaves to its callers, and the descriptors that came with it.
 *
 * Threads: none of this is shared; a message belongs to whoever holds it. */
#ifndef M6_HOST_PROTO_MESSAGE_H
#define M6_HOST_PROTO_MESSAGE_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"
#include "proto/proto.h"

struct m6_message {
    cJSON *json; /* an object */
    const char *type;
    int fds[M6_PROTO_FDS_MAX]; /* owned; -1 where taken out */
    int fd_count;
};

/* Parses the text of a message: UTF-8, no deeper than the limit, an object with a "type", nothing behind it. M6_ERR_FORMAT
 * otherwise, with the byte. The descriptors are the caller's to fill in. Finish it in any case. */
enum m6_status m6_message_parse(struct m6_message *, const char *text, size_t size, struct m6_error *);
/* Replaces bytes that are not UTF-8 by question marks: what plugins and file names bring must not end a connection. */
void m6_message_clean(char *text, size_t size);
/* Closes what was not taken out. A zeroed or finished one is fine. */
void m6_message_finish(struct m6_message *);

/* ---- reading fields: 0, or -1 when it is there but not what it should be ---- */
/* A decimal string; `otherwise` when missing. */
int m6_message_int64(const cJSON *object, const char *key, int64_t otherwise, int64_t min, int64_t max, int64_t *out);
/* A number that is whole. */
int m6_message_int(const cJSON *object, const char *key, int otherwise, int min, int max, int *out);
/* A string; NULL when missing. */
int m6_message_text(const cJSON *object, const char *key, const char **out);

/* ---- writing: out of memory shows when the message is printed, as cJSON_PrintUnformatted then lacks fields or fails ---- */
cJSON *m6_message_new(const char *type);
void m6_message_add_int64(cJSON *object, const char *key, int64_t value);
/* All digits that matter; what is not finite becomes null. */
void m6_message_add_double(cJSON *object, const char *key, double value);

#endif
