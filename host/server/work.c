/* The queue: which job begins when, and what becomes of it. Only the loop is here; events.c has what jobs' threads do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/internal.h"

/* ---- ending ---- */

static void free_work(struct work *w)
{
    m6_inputs_free(&w->inputs);
    free(w->kind);
    free(w->params);
    conn_release(w->conn);
    free(w);
}

static void tell_end(struct work *w)
{
    static const char *const types[] = {[M6_JOB_DONE] = "done", [M6_JOB_FAILED] = "failed", [M6_JOB_CANCELLED] = "cancelled"};
    cJSON *json = work_message(w, types[w->end]);
    if (w->end == M6_JOB_FAILED) {
        cJSON_AddStringToObject(json, "status", m6_status_name(w->status));
        cJSON_AddStringToObject(json, "text", w->text);
        cJSON_AddBoolToObject(json, "refused", w->state == WORK_WAITING);
    }
    conn_send(w->conn, NULL, json, -1, 0, 0);
}

/* Takes it out of the list first, so that its number is free when the client reads of its end. */
static void finish(struct work *w)
{
    struct m6_server *s = w->server;
    struct work **at = &s->works;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->conn->jobs--;
    w->conn->done++;
    if (w->state == WORK_WAITING)
        s->waiting--;
    s->done += w->end == M6_JOB_DONE;
    s->failed += w->end == M6_JOB_FAILED;
    s->cancelled += w->end == M6_JOB_CANCELLED;
    figures_ended(w);
    if (!s->running && !s->waiting)
        s->idle_since_ms = m6_proto_now_ms();
    tell_end(w);
    free_work(w);
}

static void fail(struct work *w, enum m6_status status, const char *text)
{
    w->end = M6_JOB_FAILED;
    w->status = status;
    snprintf(w->text, sizeof w->text, "%s", text);
    finish(w);
}

static void end_running(struct work *w)
{
    struct m6_server *s = w->server;
    s->running--;
    s->batch_running -= w->priority == M6_BATCH;
    s->pixels -= w->inputs.pixels;
    m6_job_wait(w->job, NULL); /* until the callback that told of the end has returned */
    w->job_first_ns = m6_job_first_ns(w->job);
    m6_job_release(w->job);
    finish(w);
}

static void collect(struct m6_server *s)
{
    pthread_mutex_lock(&s->ended_lock);
    struct work *w = s->ended, *next;
    s->ended = NULL;
    pthread_mutex_unlock(&s->ended_lock);
    for (; w; w = next) {
        next = w->ended;
        end_running(w);
    }
}

/* ---- beginning ---- */

static void warn_of_files(struct work *w)
{
    cJSON *json = work_message(w, "warning");
    cJSON_AddStringToObject(json, "text", w->server->replaced.what);
    conn_send(w->conn, NULL, json, -1, 0, 0);
}

static void begin(struct work *w)
{
    struct m6_server *s = w->server;
    struct m6_error err = {""};
    w->began_ms = m6_proto_now_ms();
    const struct m6_job_params params = {
        .kind = w->kind,
        .params = w->params,
        .inputs = w->inputs.names,
        .memory = w->inputs.memory,
        .prepare = work_prepare,
        .event = work_event,
        .arg = w,
        .priority = w->priority,
    };
    const enum m6_status status = m6_host_submit(s->host, &params, &w->job, &err);
    if (status) {
        fail(w, status, err.text);
        return;
    }
    w->state = WORK_RUNNING;
    w->host = s->host;
    s->waiting--;
    s->running++;
    s->batch_running += w->priority == M6_BATCH;
    s->pixels += w->inputs.pixels;
    w->conn->served = ++s->numbers;
    if (s->replaced.failed)
        warn_of_files(w);
}

static int may_begin(const struct m6_server *s, const struct work *w)
{
    if (w->state != WORK_WAITING || s->running >= s->params.running_max)
        return 0;
    /* Some places are kept from batch work, so that whoever sits and waits finds one. */
    if (w->priority == M6_BATCH && s->batch_running >= (s->params.running_max + 1) / 2)
        return 0;
    return !s->running || !w->inputs.pixels || s->pixels + w->inputs.pixels <= PIXELS_MAX;
}

/* Higher priority; then the client that was served longest ago; then first come. */
static int is_before(const struct work *a, const struct work *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    if (a->conn != b->conn && a->conn->served != b->conn->served)
        return a->conn->served < b->conn->served;
    return a->number < b->number;
}

static struct work *choose(struct m6_server *s)
{
    struct work *best = NULL;
    for (struct work *w = s->works; w; w = w->next)
        if (may_begin(s, w) && (!best || is_before(w, best)))
            best = w;
    return best;
}

static void drop_late(struct m6_server *s)
{
    const int64_t now = m6_proto_now_ms();
    for (struct work *w = s->works, *next; w; w = next) {
        next = w->next;
        if (w->state == WORK_WAITING && w->deadline_ms && now >= w->deadline_ms)
            fail(w, M6_ERR_LIMIT, "its deadline passed before it began");
    }
}

void work_pump(struct m6_server *s)
{
    struct work *w;
    collect(s);
    drop_late(s);
    while ((w = choose(s))) {
        server_load(s);
        begin(w);
    }
}

/* ---- submitting ---- */

static enum m6_status read_choice(struct work *w, const cJSON *json, struct m6_error *err)
{
    static const char *const names[] = {[M6_INTERACTIVE] = "interactive", [M6_LIVE] = "live", [M6_BATCH] = "batch"};
    const char *priority;
    int deadline, known = 0;
    if (m6_message_text(json, "priority", &priority))
        return m6_fail(err, M6_ERR_ARGUMENT, "\"priority\" must be interactive, live or batch");
    for (int i = 0; priority && i < 3; i++) {
        if (!strcmp(priority, names[i])) {
            w->priority = (enum m6_priority)i;
            known = 1;
        }
    }
    if (priority && !known)
        return m6_fail(err, M6_ERR_ARGUMENT, "\"priority\" must be interactive, live or batch, not \"%.32s\"", priority);
    if (m6_message_int(json, "deadline_ms", 0, 1, INT32_MAX, &deadline))
        return m6_fail(err, M6_ERR_ARGUMENT, "\"deadline_ms\" must be 1 to 2147483647");
    if (deadline)
        w->deadline_ms = m6_proto_now_ms() + deadline;
    return M6_OK;
}

static enum m6_status read_work(struct work *w, struct m6_message *m, struct m6_error *err)
{
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(m->json, "params");
    const char *kind;
    if (m6_message_text(m->json, "kind", &kind) || !kind)
        return m6_fail(err, M6_ERR_ARGUMENT, "\"kind\" must say what to do, such as \"caption\"");
    if (params && !cJSON_IsObject(params))
        return m6_fail(err, M6_ERR_ARGUMENT, "\"params\" must be an object");
    enum m6_status status = read_choice(w, m->json, err);
    if (!status)
        status = m6_inputs_read(&w->inputs, m, err);
    if (status)
        return status;
    w->kind = strdup(kind);
    char *text = params ? cJSON_PrintUnformatted(params) : NULL;
    w->params = strdup(text ? text : "{}");
    cJSON_free(text);
    return w->kind && w->params && (text || !params) ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
}

static enum m6_status admit(const struct conn *c, struct m6_error *err)
{
    if (c->server->state == SERVER_DRAINING)
        return m6_fail(err, M6_ERR_IO, "the host is going away; connect again");
    if (c->jobs > M6_PROTO_JOBS_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%d jobs of this connection have not ended; wait for one", M6_PROTO_JOBS_MAX);
    if (c->server->waiting > WAITING_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%d jobs are waiting; try again later", WAITING_MAX);
    return M6_OK;
}

static struct work *make(struct conn *c, int64_t id)
{
    struct work *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->server = c->server;
    w->conn = c;
    w->id = id;
    w->number = ++c->server->numbers;
    w->came_ms = m6_proto_now_ms();
    atomic_fetch_add(&c->refs, 1);
    w->next = c->server->works;
    c->server->works = w;
    c->server->waiting++;
    c->jobs++;
    return w;
}

void work_submit(struct conn *c, struct m6_message *m)
{
    struct m6_error err = {""};
    int64_t id;
    if (m6_message_int64(m->json, "job", 0, 1, INT64_MAX, &id) || !id) {
        conn_error(c, M6_ERR_ARGUMENT, "\"job\" must be a decimal string from 1 to 9223372036854775807", 0);
        return;
    }
    if (work_find(c, id)) {
        conn_error(c, M6_ERR_ARGUMENT, "a job with this number has not ended; choose another", 0);
        return;
    }
    struct work *w = make(c, id);
    if (!w) {
        conn_error(c, M6_ERR_MEMORY, "no memory for a job", 0);
        return;
    }
    enum m6_status status = admit(c, &err);
    if (!status)
        status = read_work(w, m, &err);
    if (status) {
        fail(w, status, err.text);
        return;
    }
    cJSON *json = work_message(w, "accepted");
    cJSON_AddNumberToObject(json, "ahead", c->server->waiting - 1);
    conn_send(c, NULL, json, -1, 0, 0);
}

/* ---- others ---- */

struct work *work_find(struct conn *c, int64_t id)
{
    struct work *w = c->server->works;
    while (w && (w->conn != c || w->id != id))
        w = w->next;
    return w;
}

void work_cancel(struct work *w)
{
    if (w->state == WORK_WAITING) {
        w->end = M6_JOB_CANCELLED;
        finish(w);
        return;
    }
    pthread_mutex_lock(&w->conn->lock);
    w->cancelled = 1;
    pthread_cond_broadcast(&w->conn->room);
    pthread_mutex_unlock(&w->conn->lock);
    m6_job_cancel(w->job);
}

void work_abandon(struct conn *c)
{
    for (struct work *w = c->server->works, *next; w; w = next) {
        next = w->next;
        if (w->conn == c)
            work_cancel(w);
    }
}

void work_loading(struct m6_server *s)
{
    const int loading = s->loading;
    const size_t done = s->load_done, total = s->load_total;
    for (struct work *w = s->works; w; w = w->next) {
        cJSON *json = work_message(w, "progress");
        cJSON_AddNumberToObject(json, "done", (double)(loading ? done : total));
        cJSON_AddNumberToObject(json, "total", (double)total);
        cJSON_AddStringToObject(json, "what", M6_JOB_LOADING);
        conn_send(w->conn, NULL, json, -1, 0, 0);
    }
}
