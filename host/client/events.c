/* What the host says, as events. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client.h"

/* ---- the queue ---- */

void event_free(struct queued *q)
{
    if (!q)
        return;
    if (q->map)
        munmap(q->map, q->map_size);
    if (q->event.picture.rgb)
        close(q->event.picture.fd);
    for (char **m = q->metadata; m && *m; m++)
        free(*m);
    free(q->metadata);
    free(q->text);
    free(q->hash);
    free(q);
}

static void put(struct m6_client *c, struct queued *q)
{
    const uint64_t one = 1;
    q->event.text = q->text;
    q->event.hash = q->hash;
    q->bytes = sizeof *q + (q->text ? strlen(q->text) : 0) + q->map_size;
    q->next = NULL;
    *c->last = q;
    c->last = &q->next;
    c->queued_bytes += q->bytes;
    if (!c->queued_count++ && write(c->ready, &one, sizeof one) < 0)
        c->queued_count = 1; /* an eventfd that is full is readable all the same */
    pthread_cond_broadcast(&c->came);
}

struct queued *event_take(struct m6_client *c)
{
    struct queued *q = c->first;
    uint64_t count;
    if (!q)
        return NULL;
    c->first = q->next;
    if (!c->first)
        c->last = &c->first;
    const int was_full = c->queued_bytes > EVENTS_BYTES_MAX || c->queued_count > EVENTS_MAX;
    c->queued_bytes -= q->bytes;
    if (!--c->queued_count && read(c->ready, &count, sizeof count) < 0)
        c->queued_count = 0;
    if (was_full)
        io_wake(c); /* it reads again */
    return q;
}

void event_put(struct m6_client *c, enum m6_client_event_type type, uint64_t job, enum m6_status status, const char *text)
{
    struct queued *q = calloc(1, sizeof *q);
    if (!q)
        return;
    q->event.type = type;
    q->event.job = job;
    q->event.status = status;
    q->text = text ? strdup(text) : NULL;
    put(c, q);
}

/* ---- messages ---- */

static const struct {
    const char *name;
    enum m6_client_event_type type;
} types[] = {
    {"accepted", M6_CLIENT_ACCEPTED}, {"taken", M6_CLIENT_TAKEN},     {"progress", M6_CLIENT_PROGRESS}, {"text", M6_CLIENT_TEXT},
    {"caption", M6_CLIENT_CAPTION},   {"picture", M6_CLIENT_PICTURE}, {"warning", M6_CLIENT_WARNING},   {"done", M6_CLIENT_DONE},
    {"failed", M6_CLIENT_FAILED},     {"cancelled", M6_CLIENT_CANCELLED},
};

static double number(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? strdup(item->valuestring) : NULL;
}

static enum m6_status status_of(const cJSON *json)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "status");
    for (int s = M6_OK; cJSON_IsString(item) && s >= M6_ERR_INTERNAL; s--)
        if (!strcmp(item->valuestring, m6_status_name((enum m6_status)s)))
            return (enum m6_status)s;
    return M6_ERR_INTERNAL;
}

static void read_times(struct m6_client_event *e, const cJSON *json)
{
    const cJSON *base = cJSON_GetObjectItemCaseSensitive(json, "time_base");
    m6_message_int64(json, "start", 0, INT64_MIN, INT64_MAX, &e->start);
    m6_message_int64(json, "end", 0, INT64_MIN, INT64_MAX, &e->end);
    for (int i = 0; i < 2; i++) {
        const cJSON *item = cJSON_GetArrayItem(base, i);
        e->time_base[i] = cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= INT32_MAX ? (int32_t)item->valuedouble : 1;
    }
}

static char **read_metadata(const cJSON *list)
{
    char **all = calloc((size_t)cJSON_GetArraySize(list) + 2, sizeof *all);
    const cJSON *each;
    int n = 0;
    if (!all)
        return NULL;
    cJSON_ArrayForEach(each, list)
    {
        if (!cJSON_IsString(each) || !(all[n] = strdup(each->valuestring)))
            break;
        n++;
    }
    return all;
}

/* The memory is looked at as carefully as the host looks at a client's. */
static int read_picture(struct queued *q, struct m6_message *m)
{
    struct m6_client_picture *p = &q->event.picture;
    struct stat st;
    int64_t stride;
    if (m6_message_int(m->json, "width", 0, 1, M6_PROTO_SIDE_MAX, &p->width) || m6_message_int(m->json, "height", 0, 1, M6_PROTO_SIDE_MAX, &p->height) ||
        m6_message_int64(m->json, "stride", 0, 3, 3 * M6_PROTO_SIDE_MAX, &stride) || !p->width || !p->height || stride < 3 * (int64_t)p->width ||
        m->fd_count != 1)
        return -1;
    const size_t size = (size_t)(stride * p->height);
    if (!(fcntl(m->fds[0], F_GET_SEALS) & F_SEAL_SHRINK) || fstat(m->fds[0], &st) || (size_t)st.st_size < size)
        return -1;
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, m->fds[0], 0);
    if (map == MAP_FAILED)
        return -1;
    q->map = map;
    q->map_size = size;
    p->rgb = map;
    p->stride = (size_t)stride;
    p->fd = m->fds[0];
    m->fds[0] = -1;
    q->metadata = read_metadata(cJSON_GetObjectItemCaseSensitive(m->json, "metadata"));
    p->metadata = (const char *const *)q->metadata;
    return 0;
}

static void job_event(struct m6_client *c, struct m6_message *m, enum m6_client_event_type type)
{
    struct queued *q = calloc(1, sizeof *q);
    int64_t job;
    if (!q || m6_message_int64(m->json, "job", 0, 1, INT64_MAX, &job) || !job) {
        free(q);
        return;
    }
    struct m6_client_event *e = &q->event;
    e->type = type;
    e->job = (uint64_t)job;
    e->done = number(m->json, "done");
    e->total = number(m->json, "total");
    m6_message_int(m->json, "ahead", 0, 0, INT32_MAX, &e->ahead);
    q->text = text_of(m->json, type == M6_CLIENT_PROGRESS ? "what" : "text");
    if (type == M6_CLIENT_FAILED) {
        e->status = status_of(m->json);
        e->refused = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(m->json, "refused"));
    }
    if (type == M6_CLIENT_CAPTION)
        read_times(e, m->json);
    if (type == M6_CLIENT_TAKEN) {
        const cJSON *hash = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(m->json, "hashes"), 0);
        q->hash = strdup(cJSON_IsString(hash) ? hash->valuestring : "");
        job_taken(c, e->job);
    }
    if (type == M6_CLIENT_PICTURE && read_picture(q, m)) {
        e->type = M6_CLIENT_WARNING;
        q->text = strdup("a picture came in a form that this version cannot read");
    }
    if (type == M6_CLIENT_DONE || type == M6_CLIENT_FAILED || type == M6_CLIENT_CANCELLED)
        job_ended(c, e->job);
    put(c, q);
}

static void on_error(struct m6_client *c, const cJSON *json)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(json, "text");
    if (cJSON_IsString(text))
        m6_fail(&c->why, status_of(json), "%s", text->valuestring);
}

void event_from_message(struct m6_client *c, struct m6_message *m)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!strcmp(m->type, types[i].name)) {
            job_event(c, m, types[i].type);
            return;
        }
    }
    if (!strcmp(m->type, "ping")) {
        m6_wire_send(&c->wire, m6_message_new("pong"), -1, 0, 0);
    } else if (!strcmp(m->type, "status")) {
        char *text = cJSON_PrintUnformatted(m->json);
        event_put(c, M6_CLIENT_STATUS, 0, M6_OK, text);
        cJSON_free(text);
    } else if (!strcmp(m->type, "error")) {
        on_error(c, m->json);
    }
}
