#include "queue/rows.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static const char *const names[QUEUE_STATES] = {"queued", "running", "paused", "done", "failed", "cancelled"};

const char *queue_state_name(enum queue_state state)
{
    return names[state];
}

int queue_state_ended(enum queue_state state)
{
    return state == QUEUE_DONE || state == QUEUE_FAILED || state == QUEUE_CANCELLED;
}

char *rows_list_text(char *const *list)
{
    cJSON *array = cJSON_CreateArray();
    for (; list && *list; list++)
        cJSON_AddItemToArray(array, cJSON_CreateString(*list));
    char *text = cJSON_PrintUnformatted(array);
    cJSON_Delete(array);
    return text;
}

static char **read_list(const char *text)
{
    cJSON *array = cJSON_Parse(text ? text : "[]");
    char **list = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *list);
    const cJSON *each;
    int n = 0;
    cJSON_ArrayForEach(each, array)
    {
        if (list && cJSON_IsString(each) && (list[n] = strdup(each->valuestring)))
            n++;
    }
    cJSON_Delete(array);
    return list;
}

static const char *text_at(sqlite3_stmt *st, int column)
{
    return (const char *)sqlite3_column_text(st, column);
}

static char *copy_at(sqlite3_stmt *st, int column)
{
    const char *text = text_at(st, column);
    return text ? strdup(text) : NULL;
}

static void read_job(sqlite3_stmt *st, struct queue_job *job)
{
    const char *state = text_at(st, 2);
    job->id = sqlite3_column_int64(st, 0);
    job->place = sqlite3_column_int64(st, 1);
    for (int i = 0; i < QUEUE_STATES; i++)
        if (state && !strcmp(state, names[i]))
            job->state = (enum queue_state)i;
    job->wish = (enum queue_wish)sqlite3_column_int(st, 3);
    job->words = read_list(text_at(st, 4));
    job->env = read_list(text_at(st, 5));
    job->intent = sqlite3_column_int(st, 6);
    job->attempts = sqlite3_column_int(st, 7);
    job->strikes = sqlite3_column_int(st, 8);
    job->deaths = sqlite3_column_int(st, 9);
    job->exit = sqlite3_column_int(st, 10);
    job->error = copy_at(st, 11);
    const void *text = sqlite3_column_blob(st, 12);
    job->text_size = (size_t)sqlite3_column_bytes(st, 12);
    job->text = calloc(1, job->text_size + 1);
    if (job->text && text)
        memcpy(job->text, text, job->text_size);
    job->log = copy_at(st, 13);
    job->created_ms = sqlite3_column_int64(st, 14);
    job->started_ms = sqlite3_column_int64(st, 15);
    job->ended_ms = sqlite3_column_int64(st, 16);
}

static enum m6_status read_files(struct queue *q, int64_t id, const char *role, struct queue_file **files, int *count, struct m6_error *err)
{
    sqlite3_stmt *st;
    int row = 0;
    enum m6_status status = db_prepare(
        q, &st, err, "SELECT path, digest, size, mtime, spooled, staged, overwrite FROM files WHERE job = ? AND role = ? ORDER BY n", "it", id, role);
    while (!status && !(status = db_step(q, st, &row, err)) && row) {
        struct queue_file *more = realloc(*files, ((size_t)*count + 1) * sizeof *more);
        if (!more) {
            status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
            break;
        }
        *files = more;
        more += (*count)++;
        memset(more, 0, sizeof *more);
        more->path = copy_at(st, 0);
        if (text_at(st, 1))
            strncpy(more->digest, text_at(st, 1), QUEUE_HEX - 1);
        more->size = sqlite3_column_int64(st, 2);
        more->mtime_ns = sqlite3_column_int64(st, 3);
        more->spooled = sqlite3_column_int(st, 4);
        more->staged = copy_at(st, 5);
        more->overwrite = sqlite3_column_int(st, 6);
    }
    sqlite3_finalize(st);
    return status;
}

enum m6_status queue_get(struct queue *q, int64_t id, struct queue_job *job, struct m6_error *err)
{
    sqlite3_stmt *st;
    int row = 0;
    memset(job, 0, sizeof *job);
    enum m6_status status = db_prepare(q, &st, err,
                                       "SELECT id, place, state, wish, words, env, intent, attempts, strikes, deaths, exit, error, text, log,"
                                       " created, started, ended FROM jobs WHERE id = ?",
                                       "i", id);
    if (!status)
        status = db_step(q, st, &row, err);
    if (!status && row)
        read_job(st, job);
    sqlite3_finalize(st);
    if (!status && !row)
        return m6_fail(err, M6_ERR_ARGUMENT, "there is no job %lld; 'm6 jobs list' shows those that are", (long long)id);
    if (!status)
        status = read_files(q, id, "input", &job->inputs, &job->input_count, err);
    if (!status)
        status = read_files(q, id, "output", &job->outputs, &job->output_count, err);
    if (!status && (!job->words || !job->words[0] || !job->env || !job->text))
        status = m6_fail(err, M6_ERR_FORMAT, "job %lld cannot be read; cancel it and queue it again", (long long)id);
    if (status)
        queue_job_free(job);
    return status;
}

static void free_list(char **list)
{
    for (char **at = list; at && *at; at++)
        free(*at);
    free(list);
}

static void free_files(struct queue_file *files, int count)
{
    for (int i = 0; i < count; i++) {
        free(files[i].path);
        free(files[i].staged);
    }
    free(files);
}

void queue_job_free(struct queue_job *job)
{
    free_list(job->words);
    free_list(job->env);
    free_files(job->inputs, job->input_count);
    free_files(job->outputs, job->output_count);
    free(job->error);
    free(job->text);
    free(job->log);
    memset(job, 0, sizeof *job);
}

enum m6_status rows_put_files(struct queue *q, int64_t job, const char *role, const struct queue_file *files, int count, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int i = 0; i < count && !status; i++)
        status = db_run(q, err, "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", "itdttiidtd", job, role, i, files[i].path, files[i].digest,
                        files[i].size, files[i].mtime_ns, files[i].spooled, files[i].staged, files[i].overwrite);
    return status;
}

enum m6_status queue_list(struct queue *q, unsigned states, int64_t **ids, int *count, struct m6_error *err)
{
    sqlite3_stmt *st;
    int row = 0;
    *ids = NULL;
    *count = 0;
    /* Ended, then running, then those that wait in their order: the newest of each last. */
    enum m6_status status = db_prepare(q, &st, err,
                                       "SELECT id, state FROM jobs ORDER BY state IN ('queued', 'paused'), state = 'running',"
                                       " CASE WHEN state IN ('queued', 'paused') THEN place ELSE id END, id",
                                       "");
    while (!status && !(status = db_step(q, st, &row, err)) && row) {
        int known = 0;
        for (int i = 0; i < QUEUE_STATES; i++)
            known |= (states >> i & 1) && !strcmp(text_at(st, 1), names[i]);
        int64_t *more = known ? realloc(*ids, ((size_t)*count + 1) * sizeof *more) : *ids;
        if (known && !more) {
            status = m6_fail(err, M6_ERR_MEMORY, "out of memory");
        } else if (known) {
            *ids = more;
            more[(*count)++] = sqlite3_column_int64(st, 0);
        }
    }
    sqlite3_finalize(st);
    return status;
}
