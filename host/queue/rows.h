/* Between rows and structs. */
#ifndef M6_HOST_QUEUE_ROWS_H
#define M6_HOST_QUEUE_ROWS_H

#include "queue/store.h"

/* A list of strings as a JSON array; caller frees with cJSON_free. */
char *rows_list_text(char *const *list);
enum m6_status rows_put_files(struct queue *, int64_t job, const char *role, const struct queue_file *, int count, struct m6_error *);

#endif
