/* What the files of the queue share: the database, and statements with their values bound. */
#ifndef M6_HOST_QUEUE_STORE_H
#define M6_HOST_QUEUE_STORE_H

#include <limits.h>

#include <sqlite3.h>

#include "queue/queue.h"

struct queue {
    sqlite3 *db;
    char folder[PATH_MAX], path[PATH_MAX + 16], token[24];
    char note[PATH_MAX + 200];
    int lock; /* shared while the database is open; whoever sets it aside holds it alone */
};

/* One letter of types a value: i int64_t, d int, t const char * (may be NULL), b const void * and size_t. */
enum m6_status db_prepare(struct queue *, sqlite3_stmt **, struct m6_error *, const char *sql, const char *types, ...);
enum m6_status db_run(struct queue *, struct m6_error *, const char *sql, const char *types, ...);
/* A step that must give a row or the end; *row says which. */
enum m6_status db_step(struct queue *, sqlite3_stmt *, int *row, struct m6_error *);
enum m6_status db_fail(struct queue *, struct m6_error *);
/* Around everything that writes. db_end commits if status is M6_OK, and returns what became of it. */
enum m6_status db_begin(struct queue *, struct m6_error *);
enum m6_status db_end(struct queue *, enum m6_status status, struct m6_error *);

int64_t queue_now_ms(void);

#endif
