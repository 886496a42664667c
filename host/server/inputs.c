#include "server/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/frame.h"

enum { NS = 1000000000 };

/* ---- reading the description ---- */

static enum m6_status bad(struct m6_error *err, int input, int frame, const char *what)
{
    if (frame < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "inputs[%d]: %s", input, what);
    return m6_fail(err, M6_ERR_ARGUMENT, "inputs[%d].frames[%d]: %s", input, frame, what);
}

static const char *read_layout(const cJSON *json, struct m6_input_frame *f)
{
    const char *format;
    if (m6_message_text(json, "format", &format) || !(f->format = m6_proto_format(format)))
        return "\"format\" must be one that the host's hello lists";
    if (m6_message_int(json, "width", 0, 1, M6_PROTO_SIDE_MAX, &f->width) || !f->width)
        return "\"width\" must be 1 to 32767";
    if (m6_message_int(json, "height", 0, 1, M6_PROTO_SIDE_MAX, &f->height) || !f->height)
        return "\"height\" must be 1 to 32767";
    if ((int64_t)f->width * f->height > M6_PROTO_PIXELS_MAX)
        return "it has more than 120000000 pixels";
    const int64_t row = (int64_t)f->width * f->format->bytes;
    if (m6_message_int64(json, "stride", row, row, INT32_MAX, &f->stride))
        return "\"stride\" must be a decimal string, at least a row of bytes";
    if (m6_message_int64(json, "offset", 0, 0, INT64_MAX / 4, &f->offset))
        return "\"offset\" must be a decimal string, not negative";
    return NULL;
}

static const char *read_times(const cJSON *json, const int base[2], struct m6_input_frame *f)
{
    /* So far that no sum or product below overflows: 292 years of nanoseconds. */
    const int64_t most = (int64_t)((__int128)INT64_MAX / 2 * base[1] / base[0] / NS < INT64_MAX / 2
                                       ? (__int128)INT64_MAX / 2 * base[1] / base[0] / NS
                                       : INT64_MAX / 2);
    if (m6_message_int64(json, "pts", 0, -most, most, &f->pts))
        return "\"pts\" must be a decimal string, within 146 years";
    if (m6_message_int64(json, "duration", 0, 0, most, &f->duration))
        return "\"duration\" must be a decimal string, not negative, at most 146 years";
    return NULL;
}

static enum m6_status read_frame(struct m6_inputs *in, int i, int k, const cJSON *json, struct m6_error *err)
{
    struct m6_input_one *one = &in->one[i];
    struct m6_input_frame *f = &one->frames[k];
    if (!cJSON_IsObject(json))
        return bad(err, i, k, "must be an object");
    if (!cJSON_GetObjectItemCaseSensitive(json, "fd") || m6_message_int(json, "fd", 0, 0, in->fd_count - 1, &f->fd))
        return bad(err, i, k, "\"fd\" must be the number of a descriptor that came with the message");
    const char *why = read_layout(json, f);
    if (!why)
        why = read_times(json, one->time_base, f);
    if (!why && k && f->pts < one->frames[k - 1].pts)
        why = "\"pts\" must not go back";
    if (why)
        return bad(err, i, k, why);
    in->pixels += (int64_t)f->width * f->height;
    if (in->pixels > M6_PROTO_JOB_PIXELS_MAX)
        return bad(err, i, k, "the job's frames have more than 240000000 pixels");
    struct m6_error fault;
    const int64_t bytes = f->offset + (f->height - 1) * f->stride + (int64_t)f->width * f->format->bytes;
    return m6_frame_check(in->fds[f->fd], bytes, &fault) ? bad(err, i, k, fault.text) : M6_OK;
}

static enum m6_status read_frames(struct m6_inputs *in, int i, const cJSON *json, const cJSON *frames, struct m6_error *err)
{
    struct m6_input_one *one = &in->one[i];
    const cJSON *base = cJSON_GetObjectItemCaseSensitive(json, "time_base"), *each;
    const int count = cJSON_GetArraySize(frames);
    one->time_base[0] = 1;
    one->time_base[1] = NS;
    if (base) {
        for (int k = 0; k < 2; k++) {
            const cJSON *item = cJSON_GetArrayItem(base, k);
            if (!cJSON_IsArray(base) || cJSON_GetArraySize(base) != 2 || !cJSON_IsNumber(item) || !(item->valuedouble >= 1) ||
                item->valuedouble > INT32_MAX || item->valuedouble != (int)item->valuedouble)
                return bad(err, i, -1, "\"time_base\" must be two whole numbers from 1 to 2147483647");
            one->time_base[k] = (int)item->valuedouble;
        }
    }
    if (!cJSON_IsArray(frames) || count < 1 || count > M6_PROTO_FRAMES_MAX)
        return bad(err, i, -1, "\"frames\" must be a list of 1 to 64");
    one->frames = calloc((size_t)count, sizeof *one->frames);
    one->taken = calloc((size_t)count, sizeof *one->taken);
    if (!one->frames || !one->taken)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
    int k = 0;
    cJSON_ArrayForEach(each, frames)
    {
        enum m6_status status = read_frame(in, i, k, each, err);
        if (status)
            return status;
        one->count = ++k;
    }
    one->memory = (struct m6_memory_input){count, one->taken};
    return M6_OK;
}

static enum m6_status read_one(struct m6_inputs *in, int i, const cJSON *json, struct m6_error *err)
{
    struct m6_input_one *one = &in->one[i];
    const cJSON *frames = cJSON_GetObjectItemCaseSensitive(json, "frames");
    const char *path;
    if (!cJSON_IsObject(json) || m6_message_text(json, "path", &path) || !path == !frames)
        return bad(err, i, -1, "must be an object with either a \"path\" or \"frames\"");
    if (frames) {
        in->names[i] = "frames in memory";
        in->memory[i] = &one->memory;
        return read_frames(in, i, json, frames, err);
    }
    if (path[0] != '/' && !strstr(path, "://"))
        return bad(err, i, -1, "\"path\" must be absolute, since the host has another working folder");
    if (!(one->path = strdup(path)))
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a job");
    in->names[i] = one->path;
    return M6_OK;
}

enum m6_status m6_inputs_read(struct m6_inputs *in, struct m6_message *m, struct m6_error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(m->json, "inputs"), *each;
    memset(in, 0, sizeof *in);
    for (int i = 0; i < m->fd_count; i++) {
        in->fds[in->fd_count++] = m->fds[i];
        m->fds[i] = -1;
    }
    if (list && (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > M6_PROTO_INPUTS_MAX))
        return m6_fail(err, M6_ERR_ARGUMENT, "\"inputs\" must be a list of at most %d", M6_PROTO_INPUTS_MAX);
    cJSON_ArrayForEach(each, list)
    {
        const int i = in->count++;
        enum m6_status status = read_one(in, i, each, err);
        if (status)
            return status;
    }
    return M6_OK;
}

/* ---- taking the frames ---- */

static int64_t to_ns(int64_t pts, const int base[2])
{
    const __int128 scaled = (__int128)pts * base[0] * NS;
    /* Downwards, so that neighbours meet. */
    return (int64_t)(scaled >= 0 ? scaled / base[1] : -((-scaled + base[1] - 1) / base[1]));
}

static void close_fds(struct m6_inputs *in)
{
    for (int i = 0; i < in->fd_count; i++)
        close(in->fds[i]);
    in->fd_count = 0;
}

enum m6_status m6_inputs_take(struct m6_inputs *in, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int i = 0; i < in->count && !status; i++) {
        struct m6_input_one *one = &in->one[i];
        struct m6_frame_hash hash = {0};
        for (int k = 0; k < one->count && !status; k++) {
            const struct m6_input_frame *f = &one->frames[k];
            uint8_t *rgb = NULL;
            status = m6_frame_take(in->fds[f->fd], f->format, f->width, f->height, f->offset, f->stride, &rgb, err);
            one->taken[k] = (struct m6_memory_frame){
                {f->width, f->height, (size_t)f->width * 3, rgb},
                to_ns(f->pts, one->time_base),
                to_ns(f->pts + f->duration, one->time_base),
            };
            if (rgb)
                m6_frame_hash(&hash, rgb, f->width, f->height);
        }
        if (one->count)
            m6_frame_hash_text(&hash, one->hash);
    }
    close_fds(in);
    return status;
}

int64_t m6_inputs_pts(const struct m6_inputs *in, int64_t ns)
{
    const struct m6_input_one *one = &in->one[0];
    if (!in->count || one->path)
        return ns;
    for (int k = 0; k < one->count; k++) {
        if (one->taken[k].start_ns == ns)
            return one->frames[k].pts;
        if (one->taken[k].end_ns == ns)
            return one->frames[k].pts + one->frames[k].duration;
    }
    return (int64_t)((__int128)ns * one->time_base[1] / one->time_base[0] / NS);
}

void m6_inputs_free(struct m6_inputs *in)
{
    for (int i = 0; i < in->count; i++) {
        struct m6_input_one *one = &in->one[i];
        for (int k = 0; k < one->count; k++)
            free((void *)one->taken[k].picture.rgb);
        free(one->taken);
        free(one->frames);
        free(one->path);
    }
    close_fds(in);
    in->count = 0;
}
