/* What happens to jobs: each function one transaction. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "queue/rows.h"

/* A job that the host was gone from so often lets others pass. */
enum { DEATHS_PATIENCE = 3 };

static enum m6_status first_number(struct queue *q, int64_t *out, struct m6_error *err, const char *sql, const char *text)
{
    sqlite3_stmt *st;
    int row = 0;
    *out = 0;
    enum m6_status status = db_prepare(q, &st, err, sql, text ? "t" : "", text);
    if (!status)
        status = db_step(q, st, &row, err);
    if (!status && row)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return status;
}

static enum m6_status refuse_clash(struct queue *q, const struct queue_job *job, struct m6_error *err)
{
    int64_t other;
    for (int i = 0; i < job->output_count; i++) {
        if (job->outputs[i].overwrite)
            continue;
        const enum m6_status status =
            first_number(q, &other, err,
                         "SELECT jobs.id FROM jobs JOIN files ON files.job = jobs.id AND role = 'output' AND path = ?"
                         " WHERE state IN ('queued', 'running', 'paused') LIMIT 1",
                         job->outputs[i].path);
        if (status)
            return status;
        if (other)
            return m6_fail(err, M6_ERR_IO, "job %lld is to write %.300s already; choose another name, or cancel it", (long long)other,
                           job->outputs[i].path);
    }
    return M6_OK;
}

enum m6_status queue_add(struct queue *q, struct queue_job *job, struct m6_error *err)
{
    char *words = rows_list_text(job->words), *env = rows_list_text(job->env);
    enum m6_status status = words && env ? db_begin(q, err) : m6_fail(err, M6_ERR_MEMORY, "out of memory");
    if (!status) {
        status = refuse_clash(q, job, err);
        if (!status)
            status = db_run(q, err,
                            "INSERT INTO jobs(place, state, words, env, created)"
                            " VALUES ((SELECT coalesce(max(place), 0) + 1 FROM jobs), 'queued', ?, ?, ?)",
                            "tti", words, env, queue_now_ms());
        job->id = sqlite3_last_insert_rowid(q->db);
        if (!status)
            status = rows_put_files(q, job->id, "input", job->inputs, job->input_count, err);
        if (!status)
            status = rows_put_files(q, job->id, "output", job->outputs, job->output_count, err);
        status = db_end(q, status, err);
    }
    cJSON_free(words);
    cJSON_free(env);
    return status;
}

enum m6_status queue_change(struct queue *q, int64_t id, enum queue_verb verb, enum queue_state *state, struct m6_error *err)
{
    static const struct {
        const char *name, *needs;
        unsigned from; /* states */
        enum queue_state to;
        enum queue_wish wish; /* of one that runs */
    } verbs[] = {
        [QUEUE_CANCEL] = {"cancelled", "has not ended", 1 << QUEUE_QUEUED | 1 << QUEUE_PAUSED, QUEUE_CANCELLED, QUEUE_WISH_CANCEL},
        [QUEUE_RETRY] = {"retried", "failed or was cancelled", 1 << QUEUE_FAILED | 1 << QUEUE_CANCELLED, QUEUE_QUEUED, QUEUE_NO_WISH},
        [QUEUE_PAUSE] = {"paused", "waits or runs", 1 << QUEUE_QUEUED | 1 << QUEUE_PAUSED, QUEUE_PAUSED, QUEUE_WISH_PAUSE},
        [QUEUE_RESUME] = {"resumed", "is paused", 1 << QUEUE_PAUSED, QUEUE_QUEUED, QUEUE_NO_WISH},
    };
    struct queue_job job;
    enum m6_status status = db_begin(q, err);
    if (status)
        return status;
    status = queue_get(q, id, &job, err);
    if (!status) {
        *state = job.state;
        if (job.state == QUEUE_RUNNING && verbs[verb].wish) {
            status = db_run(q, err, "UPDATE jobs SET wish = ? WHERE id = ?", "di", (int)verbs[verb].wish, id);
        } else if (verbs[verb].from >> job.state & 1) {
            *state = verbs[verb].to;
            status = verb == QUEUE_RETRY
                         ? db_run(q, err,
                                  "UPDATE jobs SET state = 'queued', wish = 0, strikes = 0, deaths = 0, exit = 0, error = NULL, text = NULL,"
                                  " log = NULL, started = 0, ended = 0, place = (SELECT max(place) + 1 FROM jobs) WHERE id = ?",
                                  "i", id)
                         : db_run(q, err, "UPDATE jobs SET state = ?, ended = ?, exit = ? WHERE id = ?", "tidi", queue_state_name(*state),
                                  *state == QUEUE_CANCELLED ? queue_now_ms() : (int64_t)0, *state == QUEUE_CANCELLED ? 130 : 0, id);
        } else {
            status = m6_fail(err, M6_ERR_ARGUMENT, "job %lld is %s, and only one that %s can be %s", (long long)id, queue_state_name(job.state),
                             verbs[verb].needs, verbs[verb].name);
        }
        queue_job_free(&job);
    }
    return db_end(q, status, err);
}

enum m6_status queue_move(struct queue *q, int64_t id, enum queue_where where, int64_t other, struct m6_error *err)
{
    int64_t *ids = NULL;
    int count = 0, here = 0, there = 0;
    enum m6_status status = db_begin(q, err);
    if (status)
        return status;
    status = queue_list(q, 1 << QUEUE_QUEUED | 1 << QUEUE_PAUSED, &ids, &count, err);
    for (int i = 0; i < count; i++) {
        here |= ids[i] == id;
        there |= ids[i] == other;
    }
    if (!status && (!here || (where == QUEUE_BEFORE && !there)))
        status = m6_fail(err, M6_ERR_ARGUMENT, "no job %lld waits for its turn; 'm6 jobs list' shows those that do", (long long)(here ? other : id));
    const int stays = where == QUEUE_BEFORE && other == id;
    int64_t place = 1;
    if (!status && where == QUEUE_FIRST)
        status = db_run(q, err, "UPDATE jobs SET place = ? WHERE id = ?", "ii", place++, id);
    for (int i = 0; i < count && !status && !stays; i++) {
        if (where == QUEUE_BEFORE && ids[i] == other)
            status = db_run(q, err, "UPDATE jobs SET place = ? WHERE id = ?", "ii", place++, id);
        if (!status && ids[i] != id)
            status = db_run(q, err, "UPDATE jobs SET place = ? WHERE id = ?", "ii", place++, ids[i]);
    }
    if (!status && where == QUEUE_LAST)
        status = db_run(q, err, "UPDATE jobs SET place = ? WHERE id = ?", "ii", place, id);
    free(ids);
    return db_end(q, status, err);
}

/* ---- the runner's ---- */

enum m6_status queue_take(struct queue *q, struct queue_job *job, struct m6_error *err)
{
    int64_t id;
    memset(job, 0, sizeof *job);
    enum m6_status status = db_begin(q, err);
    if (status)
        return status;
    status = first_number(q, &id, err, "SELECT id FROM jobs WHERE state = 'queued' ORDER BY place, id LIMIT 1", NULL);
    if (!status && id)
        status = db_run(q, err, "UPDATE jobs SET state = 'running', wish = 0, intent = 0, attempts = attempts + 1, started = ? WHERE id = ?", "ii",
                        queue_now_ms(), id);
    if (!status && id)
        status = queue_get(q, id, job, err);
    const int broken = status == M6_ERR_FORMAT;
    if (broken)
        status = db_run(q, err, "UPDATE jobs SET state = 'failed', exit = 1, error = 'it cannot be read; queue it again' WHERE id = ?", "i", id);
    status = db_end(q, status, err);
    if (status)
        queue_job_free(job);
    /* It must not stop the others. */
    return broken && !status ? queue_take(q, job, err) : status;
}

enum m6_status queue_intend(struct queue *q, int64_t id, const struct queue_file *outputs, int count, struct m6_error *err)
{
    enum m6_status status = db_begin(q, err);
    if (status)
        return status;
    status = db_run(q, err, "DELETE FROM files WHERE job = ? AND role = 'output'", "i", id);
    if (!status)
        status = rows_put_files(q, id, "output", outputs, count, err);
    if (!status)
        status = db_run(q, err, "UPDATE jobs SET intent = 1 WHERE id = ?", "i", id);
    return db_end(q, status, err);
}

enum m6_status queue_finish(struct queue *q, int64_t id, const struct queue_end *end, struct m6_error *err)
{
    return db_run(q, err,
                  "UPDATE jobs SET state = ?, exit = ?, error = ?, text = ?, log = ?, ended = ?, wish = 0, intent = 0 WHERE id = ? AND state = 'running'",
                  "tdtbtii", queue_state_name(end->state), end->exit, end->error, end->text, end->text_size, end->log, queue_now_ms(), id);
}

enum m6_status queue_back(struct queue *q, int64_t id, enum queue_state state, int strikes, int deaths, struct m6_error *err)
{
    return db_run(q, err,
                  "UPDATE jobs SET state = ?1, wish = 0, intent = 0, strikes = strikes + ?2, deaths = deaths + ?3,"
                  " place = CASE WHEN ?3 AND deaths + ?3 >= ?4 THEN (SELECT max(place) + 1 FROM jobs) ELSE place END"
                  " WHERE id = ?5 AND state = 'running'",
                  "tdddi", queue_state_name(state), strikes, deaths, DEATHS_PATIENCE, id);
}

enum m6_status queue_forget(struct queue *q, int64_t before_ms, struct m6_error *err)
{
    enum m6_status status = db_begin(q, err);
    if (status)
        return status;
    status = db_run(q, err, "DELETE FROM jobs WHERE ended > 0 AND ended < ? AND state IN ('done', 'failed', 'cancelled')", "i", before_ms);
    if (!status)
        status = db_run(q, err, "DELETE FROM files WHERE job NOT IN (SELECT id FROM jobs)", "");
    return db_end(q, status, err);
}

int queue_uses(struct queue *q, const char *path)
{
    int64_t job;
    return first_number(q, &job, NULL,
                        "SELECT job FROM files JOIN jobs ON jobs.id = job WHERE role = 'input' AND path = ? AND state != 'done' LIMIT 1", path) ||
           job;
}

int queue_suspects(struct queue *q)
{
    int64_t job;
    return !first_number(q, &job, NULL, "SELECT id FROM jobs WHERE state IN ('queued', 'running') AND strikes > 0 LIMIT 1", NULL) && job;
}
