/* Jobs on their way to the host. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/client.h"

/* Copies as much of a caller's struct as both know. */
#define TAKE(to, from)                                                                             \
    do {                                                                                           \
        memset(&(to), 0, sizeof(to));                                                              \
        if (from)                                                                                  \
            memcpy(&(to), from, (from)->size < sizeof(to) ? (from)->size : sizeof(to));            \
    } while (0)

struct submission {
    struct outstanding *job;
    cJSON *json;
    int copies; /* a memfd that frames given by pointer are copied to; -1: none yet */
    int64_t copied;
};

/* ---- outstanding jobs ---- */

static void drop_buffers(struct outstanding *job)
{
    while (job->buffer_count)
        buffer_done(job->buffers[--job->buffer_count]);
}

void job_taken(struct m6_client *c, uint64_t id)
{
    for (struct outstanding *job = c->jobs; job; job = job->next)
        if (job->id == id)
            drop_buffers(job);
}

void job_ended(struct m6_client *c, uint64_t id)
{
    for (struct outstanding **at = &c->jobs, *job; (job = *at); at = &job->next) {
        if (job->id != id)
            continue;
        *at = job->next;
        drop_buffers(job);
        free(job);
        c->job_count--;
        return;
    }
}

/* ---- describing ---- */

static enum m6_status add_path(cJSON *input, const char *path, struct m6_error *err)
{
    char whole[PATH_MAX], folder[PATH_MAX];
    if (path[0] == '/' || strstr(path, "://")) {
        snprintf(whole, sizeof whole, "%s", path);
    } else {
        if (!getcwd(folder, sizeof folder) || snprintf(whole, sizeof whole, "%s/%s", folder, path) >= (int)sizeof whole)
            return m6_fail(err, M6_ERR_IO, "cannot make %.300s an absolute path", path);
    }
    cJSON_AddStringToObject(input, "path", whole);
    return M6_OK;
}

/* The number of the buffer's descriptor in the message. */
static int add_buffer(struct submission *s, struct m6_buffer *buffer)
{
    struct outstanding *job = s->job;
    for (int i = 0; i < job->buffer_count; i++)
        if (job->buffers[i] == buffer)
            return i;
    if (job->buffer_count == M6_PROTO_FDS_MAX - 1) /* one stays for copies */
        return -1;
    buffer_use(buffer);
    job->buffers[job->buffer_count] = buffer;
    return job->buffer_count++;
}

static enum m6_status copy_frame(struct submission *s, const struct m6_client_frame *f, size_t row, size_t stride, struct m6_error *err)
{
    if (s->copies < 0)
        s->copies = memfd_create("m6-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int failed = s->copies < 0;
    for (int y = 0; y < f->height && !failed; y++)
        failed = m6_proto_write(s->copies, (const char *)f->data + (size_t)y * stride, row);
    return failed ? m6_fail(err, M6_ERR_MEMORY, "no shared memory for a frame: %s", strerror(errno)) : M6_OK;
}

/* Frames that were copied name their descriptor "last": it comes behind the buffers, whose number is known at the end. */
static enum m6_status add_frame(struct submission *s, cJSON *list, const struct m6_client_frame *f, struct m6_error *err)
{
    const struct m6_proto_format *format = m6_proto_format(f->format ? f->format : "rgb24");
    if (!format)
        return m6_fail(err, M6_ERR_ARGUMENT, "there is no format \"%.32s\"; m6.h lists them", f->format);
    if (f->width < 1 || f->height < 1 || f->width > M6_PROTO_SIDE_MAX || f->height > M6_PROTO_SIDE_MAX ||
        (int64_t)f->width * f->height > M6_PROTO_PIXELS_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame of %dx%d cannot be sent; at most 32767 a side and 120000000 pixels", f->width, f->height);
    const size_t row = (size_t)f->width * (size_t)format->bytes, stride = f->stride ? f->stride : row;
    if (stride < row || stride > INT32_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a stride of %zu bytes does not fit rows of %zu", stride, row);
    if (!f->buffer == !f->data)
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame has either a buffer or data");
    if (f->buffer && (f->offset > f->buffer->size || (size_t)(f->height - 1) * stride + row > f->buffer->size - f->offset))
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame ends behind its buffer of %zu bytes", f->buffer->size);
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToArray(list, json);
    if (f->buffer) {
        const int fd = add_buffer(s, f->buffer);
        if (fd < 0)
            return m6_fail(err, M6_ERR_LIMIT, "a job takes at most %d buffers; put more frames into one", M6_PROTO_FDS_MAX - 1);
        cJSON_AddNumberToObject(json, "fd", fd);
        m6_message_add_int64(json, "offset", (int64_t)f->offset);
        m6_message_add_int64(json, "stride", (int64_t)stride);
    } else {
        enum m6_status status = copy_frame(s, f, row, stride, err);
        if (status)
            return status;
        m6_message_add_int64(json, "offset", s->copied);
        s->copied += (int64_t)row * f->height;
    }
    cJSON_AddStringToObject(json, "format", format->name);
    cJSON_AddNumberToObject(json, "width", f->width);
    cJSON_AddNumberToObject(json, "height", f->height);
    m6_message_add_int64(json, "pts", f->pts);
    m6_message_add_int64(json, "duration", f->duration);
    return M6_OK;
}

static enum m6_status add_input(struct submission *s, cJSON *list, const struct m6_client_input *input, struct m6_error *err)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddItemToArray(list, json);
    if (!input->path == !input->frames)
        return m6_fail(err, M6_ERR_ARGUMENT, "an input has either a path or frames");
    if (input->path)
        return add_path(json, input->path, err);
    if (input->frame_count < 1 || input->frame_count > M6_PROTO_FRAMES_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "an input has 1 to %d frames", M6_PROTO_FRAMES_MAX);
    if (input->time_base[0] && input->time_base[1])
        cJSON_AddItemToObject(json, "time_base", cJSON_CreateIntArray(input->time_base, 2));
    cJSON *frames = cJSON_AddArrayToObject(json, "frames");
    const char *at = (const char *)input->frames;
    enum m6_status status = M6_OK;
    /* The caller's frames lie as far apart as its header says. */
    for (int i = 0; i < input->frame_count && !status; i++, at += input->frames->size) {
        struct m6_client_frame frame;
        const struct m6_client_frame *given = (const struct m6_client_frame *)at;
        TAKE(frame, given);
        status = frame.size ? add_frame(s, frames, &frame, err) : m6_fail(err, M6_ERR_ARGUMENT, "a frame's size is not set");
    }
    return status;
}

static enum m6_status add_inputs(struct submission *s, const struct m6_client_job *job, struct m6_error *err)
{
    if (job->input_count < 0 || job->input_count > M6_PROTO_INPUTS_MAX || (job->input_count && !job->inputs))
        return m6_fail(err, M6_ERR_ARGUMENT, "a job has at most %d inputs", M6_PROTO_INPUTS_MAX);
    cJSON *list = cJSON_AddArrayToObject(s->json, "inputs"), *input, *frame;
    const char *at = (const char *)job->inputs;
    enum m6_status status = M6_OK;
    for (int i = 0; i < job->input_count && !status; i++, at += job->inputs->size) {
        struct m6_client_input each;
        const struct m6_client_input *given = (const struct m6_client_input *)at;
        TAKE(each, given);
        status = each.size ? add_input(s, list, &each, err) : m6_fail(err, M6_ERR_ARGUMENT, "an input's size is not set");
    }
    cJSON_ArrayForEach(input, list)
    {
        cJSON_ArrayForEach(frame, cJSON_GetObjectItemCaseSensitive(input, "frames"))
        {
            if (!cJSON_GetObjectItemCaseSensitive(frame, "fd"))
                cJSON_AddNumberToObject(frame, "fd", s->job->buffer_count);
        }
    }
    if (!status && s->copies >= 0 && fcntl(s->copies, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
        status = m6_fail(err, M6_ERR_IO, "cannot seal shared memory: %s", strerror(errno));
    return status;
}

static enum m6_status describe(struct submission *s, const struct m6_client_job *job, struct m6_error *err)
{
    static const char *const priorities[] = {"interactive", "live", "batch"};
    if (!job->kind)
        return m6_fail(err, M6_ERR_ARGUMENT, "a job needs a kind, such as \"caption\"");
    if ((int)job->priority < 0 || job->priority > M6_CLIENT_BATCH || job->deadline_ms < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "a job's priority or deadline is not one that m6.h knows");
    cJSON_AddStringToObject(s->json, "kind", job->kind);
    cJSON_AddStringToObject(s->json, "priority", priorities[job->priority]);
    if (job->deadline_ms)
        cJSON_AddNumberToObject(s->json, "deadline_ms", job->deadline_ms);
    if (job->params) {
        cJSON *params = cJSON_ParseWithOpts(job->params, NULL, 1);
        if (!cJSON_IsObject(params)) {
            cJSON_Delete(params);
            return m6_fail(err, M6_ERR_ARGUMENT, "the parameters must be a JSON object, such as {\"seed\": 1}");
        }
        cJSON_AddItemToObject(s->json, "params", params);
    }
    return add_inputs(s, job, err);
}

/* ---- sending ---- */

static enum m6_status send_it(struct m6_client *c, struct submission *s, uint64_t *id, struct m6_error *err)
{
    int fds[M6_PROTO_FDS_MAX], count = 0;
    for (int i = 0; i < s->job->buffer_count; i++) {
        const int fd = fcntl(s->job->buffers[i]->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            break;
        fds[count++] = fd;
    }
    const int complete = count == s->job->buffer_count;
    if (s->copies >= 0) {
        fds[count++] = s->copies;
        s->copies = -1;
    }
    pthread_mutex_lock(&c->lock);
    enum m6_status status = M6_OK;
    if (!complete)
        status = m6_fail(err, M6_ERR_IO, "no descriptors are left to send frames with");
    else if (!c->connected)
        status = m6_fail(err, M6_ERR_IO, "there is no host just now%s%.400s", c->why.text[0] ? ": " : "; it is looked for", c->why.text);
    else if (c->job_count >= c->jobs_max)
        status = m6_fail(err, M6_ERR_LIMIT, "%d jobs have not ended; wait for one to", c->job_count);
    if (status) {
        for (int i = 0; i < count; i++)
            close(fds[i]);
    } else {
        s->job->id = *id = ++c->last_id;
        m6_message_add_int64(s->json, "job", (int64_t)*id);
        if (m6_wire_send_fds(&c->wire, s->json, fds, count))
            status = m6_fail(err, M6_ERR_LIMIT, "the job's description is too long, or there is no memory for it");
        s->json = NULL;
    }
    if (!status) {
        s->job->next = c->jobs;
        c->jobs = s->job;
        s->job = NULL;
        c->job_count++;
        size_t sent = 0;
        m6_wire_flush(&c->wire, &sent); /* at once if it can be; the thread does the rest */
        if (sent)
            c->last_sent_ms = m6_proto_now_ms();
        if (c->wire.waiting)
            io_wake(c);
    }
    pthread_mutex_unlock(&c->lock);
    return status;
}

enum m6_status m6_submit(struct m6_client *c, const struct m6_client_job *given, uint64_t *id, struct m6_error *err)
{
    struct submission s = {.copies = -1};
    struct m6_client_job job;
    uint64_t unused;
    TAKE(job, given);
    if (!id)
        id = &unused;
    *id = 0;
    s.job = calloc(1, sizeof *s.job);
    s.json = m6_message_new("submit");
    enum m6_status status = s.job && s.json ? describe(&s, &job, err) : m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
    if (!status)
        status = send_it(c, &s, id, err);
    if (status)
        *id = 0;
    if (s.job)
        drop_buffers(s.job);
    free(s.job);
    cJSON_Delete(s.json);
    if (s.copies >= 0)
        close(s.copies);
    return status;
}
