/* The database: opening it, its schema, setting a damaged one aside, and running statements. */
#include "queue/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/write_error.h"

enum { APPLICATION = 0x6d366a62 /* "m6jb" */, VERSION = 1, BUSY_MS = 10000 };

static const char schema[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL, state TEXT NOT NULL, wish INTEGER NOT NULL DEFAULT 0,"
    " words TEXT NOT NULL, env TEXT NOT NULL, intent INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,"
    " strikes INTEGER NOT NULL DEFAULT 0, deaths INTEGER NOT NULL DEFAULT 0, exit INTEGER NOT NULL DEFAULT 0, error TEXT, text BLOB,"
    " log TEXT, created INTEGER NOT NULL, started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX jobs_turn ON jobs(state, place);"
    "CREATE TABLE files(job INTEGER NOT NULL, role TEXT NOT NULL, n INTEGER NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL,"
    " size INTEGER NOT NULL, mtime INTEGER NOT NULL, spooled INTEGER NOT NULL, staged TEXT, overwrite INTEGER NOT NULL,"
    " PRIMARY KEY(job, role, n)) WITHOUT ROWID;";

int64_t queue_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* ---- statements ---- */

enum m6_status db_fail(struct queue *q, struct m6_error *err)
{
    const int code = sqlite3_errcode(q->db);
    const int reason = code == SQLITE_FULL ? ENOSPC : code == SQLITE_IOERR ? sqlite3_system_errno(q->db) : 0;
    if (reason)
        return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", q->path, m6_write_error(reason));
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return m6_fail(err, M6_ERR_FORMAT, "the job queue %.300s is damaged; m6 stop and m6 serve set it aside", q->path);
    if (code == SQLITE_BUSY)
        return m6_fail(err, M6_ERR_LIMIT, "another process does not let go of %.300s; try again", q->path);
    return m6_fail(err, code == SQLITE_NOMEM ? M6_ERR_MEMORY : M6_ERR_IO, "the job queue %.300s: %s", q->path, sqlite3_errmsg(q->db));
}

static int bind(sqlite3_stmt *st, const char *types, va_list args)
{
    int rc = SQLITE_OK;
    for (int i = 0; types[i] && rc == SQLITE_OK; i++) {
        if (types[i] == 'i') {
            rc = sqlite3_bind_int64(st, i + 1, va_arg(args, int64_t));
        } else if (types[i] == 'd') {
            rc = sqlite3_bind_int(st, i + 1, va_arg(args, int));
        } else if (types[i] == 't') {
            rc = sqlite3_bind_text(st, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        } else {
            const void *data = va_arg(args, const void *);
            rc = sqlite3_bind_blob64(st, i + 1, data, va_arg(args, size_t), SQLITE_TRANSIENT);
        }
    }
    return rc;
}

static enum m6_status prepare(struct queue *q, sqlite3_stmt **st, struct m6_error *err, const char *sql, const char *types, va_list args)
{
    *st = NULL;
    if (sqlite3_prepare_v2(q->db, sql, -1, st, NULL) == SQLITE_OK && bind(*st, types, args) == SQLITE_OK)
        return M6_OK;
    const enum m6_status status = db_fail(q, err);
    sqlite3_finalize(*st);
    *st = NULL;
    return status;
}

enum m6_status db_prepare(struct queue *q, sqlite3_stmt **st, struct m6_error *err, const char *sql, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    const enum m6_status status = prepare(q, st, err, sql, types, args);
    va_end(args);
    return status;
}

enum m6_status db_step(struct queue *q, sqlite3_stmt *st, int *row, struct m6_error *err)
{
    const int rc = sqlite3_step(st);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? M6_OK : db_fail(q, err);
}

enum m6_status db_run(struct queue *q, struct m6_error *err, const char *sql, const char *types, ...)
{
    sqlite3_stmt *st;
    va_list args;
    int row = 0;
    va_start(args, types);
    enum m6_status status = prepare(q, &st, err, sql, types, args);
    va_end(args);
    if (!status)
        do
            status = db_step(q, st, &row, err);
        while (!status && row);
    sqlite3_finalize(st);
    return status;
}

enum m6_status db_begin(struct queue *q, struct m6_error *err)
{
    return db_run(q, err, "BEGIN IMMEDIATE", "");
}

enum m6_status db_end(struct queue *q, enum m6_status status, struct m6_error *err)
{
    if (!status)
        status = db_run(q, err, "COMMIT", "");
    if (status && !sqlite3_get_autocommit(q->db))
        sqlite3_exec(q->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum m6_status read_text(struct queue *q, const char *sql, char *out, size_t size, struct m6_error *err)
{
    sqlite3_stmt *st;
    int row = 0;
    enum m6_status status = db_prepare(q, &st, err, sql, "");
    out[0] = '\0';
    if (!status)
        status = db_step(q, st, &row, err);
    if (!status && row)
        snprintf(out, size, "%s", sqlite3_column_text(st, 0) ? (const char *)sqlite3_column_text(st, 0) : "");
    sqlite3_finalize(st);
    return status;
}

static enum m6_status read_number(struct queue *q, const char *sql, int64_t *out, struct m6_error *err)
{
    char text[32];
    const enum m6_status status = read_text(q, sql, text, sizeof text, err);
    *out = strtoll(text, NULL, 10);
    return status;
}

int64_t queue_version(struct queue *q)
{
    int64_t version;
    return read_number(q, "PRAGMA data_version", &version, NULL) ? -1 : version;
}

/* ---- opening ---- */

/* Folders above ours are made as open to others as the user's umask has them. */
static enum m6_status make_folder(const char *path, struct m6_error *err)
{
    char part[PATH_MAX];
    struct stat st;
    snprintf(part, sizeof part, "%s", path);
    for (char *at = strchr(part + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(part, strstr(part, "/m6/jobs") ? 0700 : 0755);
        *at = '/';
    }
    if (mkdir(path, 0700) && errno != EEXIST)
        return m6_fail(err, M6_ERR_IO, "cannot make %.300s for queued jobs: %s; set XDG_STATE_HOME to another folder", path, strerror(errno));
    if (lstat(path, &st))
        return m6_fail(err, M6_ERR_IO, "cannot look at %.300s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return m6_fail(err, M6_ERR_IO, "%.300s is not a folder of yours alone (mode 0700); remove it, or set XDG_STATE_HOME", path);
    return M6_OK;
}

static enum m6_status lock_folder(struct queue *q, int how, struct m6_error *err)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/lock", q->folder);
    if (q->lock < 0)
        q->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->lock < 0)
        return m6_fail(err, M6_ERR_IO, "cannot make %.300s: %s", path, strerror(errno));
    for (int tries = 0; flock(q->lock, how | LOCK_NB); tries++) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || tries >= 200)
            return m6_fail(err, M6_ERR_LIMIT, "another process holds %.300s; try again when it has ended", path);
        usleep(10000);
    }
    return M6_OK;
}

static enum m6_status fill_new(struct queue *q, const char *socket, struct m6_error *err)
{
    char sql[96], token[24];
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = (uint64_t)queue_now_ms();
    snprintf(token, sizeof token, "%016llx", (unsigned long long)random);
    if (sqlite3_exec(q->db, schema, NULL, NULL, NULL) != SQLITE_OK)
        return db_fail(q, err);
    enum m6_status status = db_run(q, err, "INSERT INTO meta VALUES ('token', ?), ('socket', ?)", "tt", token, socket);
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION, VERSION);
    if (!status && sqlite3_exec(q->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        status = db_fail(q, err);
    return status;
}

/* M6_ERR_FORMAT: it is damaged, or no database of ours. */
static enum m6_status open_database(struct queue *q, const char *socket, int check, struct m6_error *err)
{
    int64_t application = 0, version = 0, tables = 0;
    char found[64];
    const int fd = open(q->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fchmod(fd, 0600)) {
        const int reason = errno;
        if (fd >= 0)
            close(fd);
        return m6_fail(err, M6_ERR_IO, "cannot open the job queue %.300s: %s", q->path, m6_write_error(reason));
    }
    close(fd);
    if (sqlite3_open_v2(q->path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return db_fail(q, err);
    sqlite3_extended_result_codes(q->db, 0);
    sqlite3_busy_timeout(q->db, BUSY_MS);
    enum m6_status status = read_text(q, "PRAGMA journal_mode = WAL", found, sizeof found, err);
    if (!status && strcmp(found, "wal") != 0)
        status = m6_fail(err, M6_ERR_IO, "%.300s is on a file system that cannot hold a database; set XDG_STATE_HOME to another folder", q->path);
    if (!status)
        status = db_run(q, err, "PRAGMA synchronous = FULL", "");
    if (!status)
        status = db_begin(q, err);
    if (status)
        return status;
    status = read_number(q, "PRAGMA application_id", &application, err);
    if (!status)
        status = read_number(q, "PRAGMA user_version", &version, err);
    if (!status)
        status = read_number(q, "SELECT count(*) FROM sqlite_schema", &tables, err);
    if (!status && !application && !version && !tables)
        status = fill_new(q, socket, err);
    else if (!status && application != APPLICATION)
        status = m6_fail(err, M6_ERR_FORMAT, "%.300s is no job queue", q->path);
    else if (!status && version > VERSION)
        status = m6_fail(err, M6_ERR_UNSUPPORTED, "the job queue %.300s is of a newer M6 (format %d, this one knows %d); use that version, or move it away",
                         q->path, (int)version, VERSION);
    status = db_end(q, status, err);
    if (!status && check) {
        status = read_text(q, "PRAGMA quick_check(1)", found, sizeof found, err);
        if (!status && strcmp(found, "ok") != 0)
            status = m6_fail(err, M6_ERR_FORMAT, "the job queue %.300s is damaged: %s", q->path, found);
    }
    return status ? status : read_text(q, "SELECT value FROM meta WHERE key = 'token'", q->token, sizeof q->token, err);
}

static enum m6_status set_aside(struct queue *q, struct m6_error *err)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    char when[32], from[PATH_MAX + 32], to[PATH_MAX + 64];
    const time_t now = time(NULL);
    struct tm day;
    gmtime_r(&now, &day);
    strftime(when, sizeof when, "%Y%m%dT%H%M%S", &day);
    enum m6_status status = M6_OK;
    for (int i = 0; i < 3 && !status; i++) {
        snprintf(from, sizeof from, "%s%s", q->path, parts[i]);
        snprintf(to, sizeof to, "%s.damaged-%s%s", q->path, when, parts[i]);
        if (rename(from, to) && errno != ENOENT)
            status = m6_fail(err, M6_ERR_IO, "the job queue %.200s is damaged and cannot be set aside: %s", q->path, strerror(errno));
    }
    if (!status)
        snprintf(q->note, sizeof q->note, "the job queue was damaged and is now %s.damaged-%s; queue its jobs again", q->path, when);
    return status;
}

static void close_database(struct queue *q)
{
    sqlite3_close(q->db);
    q->db = NULL;
}

/* With the lock held alone it is looked at again: another process may have set it aside since, and begun a new one. */
static enum m6_status mend(struct queue *q, const char *socket, int check, struct m6_error *err)
{
    close_database(q);
    enum m6_status status = lock_folder(q, LOCK_EX, err);
    if (!status)
        status = open_database(q, socket, check, err);
    if (status == M6_ERR_FORMAT) {
        close_database(q);
        status = set_aside(q, err);
        if (!status)
            status = open_database(q, socket, 0, err);
    }
    return status ? status : lock_folder(q, LOCK_SH, err);
}

enum m6_status queue_open(struct queue **out, const char *socket, int check, struct m6_error *err)
{
    struct queue *q = calloc(1, sizeof *q);
    *out = NULL;
    if (!q)
        return m6_fail(err, M6_ERR_MEMORY, "out of memory");
    q->lock = -1;
    enum m6_status status = queue_folder(socket, q->folder, sizeof q->folder, err);
    if (!status)
        status = make_folder(q->folder, err);
    snprintf(q->path, sizeof q->path, "%s/jobs.db", q->folder);
    if (!status)
        status = lock_folder(q, LOCK_SH, err);
    if (!status)
        status = open_database(q, socket, check, err);
    if (status == M6_ERR_FORMAT)
        status = mend(q, socket, check, err);
    if (status) {
        queue_close(q);
        return status;
    }
    *out = q;
    return M6_OK;
}

void queue_close(struct queue *q)
{
    if (!q)
        return;
    sqlite3_close(q->db);
    if (q->lock >= 0)
        close(q->lock);
    free(q);
}

const char *queue_path(const struct queue *q)
{
    return q->folder;
}

const char *queue_token(const struct queue *q)
{
    return q->token;
}

const char *queue_note(const struct queue *q)
{
    return q->note;
}
