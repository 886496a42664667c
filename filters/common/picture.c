/* Pictures and input frames: memory, and who holds it. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hub.h"

/* ---- pictures ---- */

struct owned_picture {
    struct m6_picture picture; /* first: a picture is its owner */
    atomic_int refs;
    void *map, *heap; /* one of them */
    size_t map_size;
    char *texts;
};

struct m6_picture *m6_picture_ref(struct m6_picture *p)
{
    if (p)
        atomic_fetch_add(&((struct owned_picture *)p)->refs, 1);
    return p;
}

void m6_picture_unref(struct m6_picture *p)
{
    struct owned_picture *o = (struct owned_picture *)p;
    if (!o || atomic_fetch_sub(&o->refs, 1) > 1)
        return;
    if (o->map)
        munmap(o->map, o->map_size);
    free(o->heap);
    free(o->texts);
    free(o);
}

size_t picture_bytes(const struct m6_picture *p)
{
    return p ? ((const struct owned_picture *)p)->map_size : 0;
}

static const char *told(const struct m6_client_picture *p, const char *key)
{
    for (const char *const *m = p->metadata; m && m[0] && m[1]; m += 2)
        if (!strcmp(m[0], key))
            return m[1];
    return "";
}

struct m6_picture *picture_of_event(const struct m6_client_event *e, const struct hub_key *key, int64_t latency)
{
    const struct m6_client_picture *from = &e->picture;
    const char *model = told(from, "model"), *caption = told(from, "caption");
    const size_t prompt_size = strlen(key->prompt) + 1, model_size = strlen(model) + 1, caption_size = strlen(caption) + 1;
    struct owned_picture *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->refs = 1;
    o->texts = malloc(prompt_size + model_size + caption_size);
    o->map_size = from->stride * (size_t)from->height;
    void *map = mmap(NULL, o->map_size, PROT_READ, MAP_SHARED, from->fd, 0);
    o->map = map == MAP_FAILED ? NULL : map;
    if (!o->texts || !o->map) {
        m6_picture_unref(&o->picture);
        return NULL;
    }
    memcpy(o->texts, key->prompt, prompt_size);
    memcpy(o->texts + prompt_size, model, model_size);
    memcpy(o->texts + prompt_size + model_size, caption, caption_size);
    o->picture = (struct m6_picture){
        .width = from->width, .height = from->height, .stride = from->stride, .rgb = o->map,
        .prompt = o->texts, .model = o->texts + prompt_size, .caption = o->texts + prompt_size + model_size,
        .seed = key->seed, .latency = latency,
    };
    return &o->picture;
}

struct m6_picture *m6_picture_create(int width, int height, const char *prompt, uint8_t **rgb)
{
    struct owned_picture *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->refs = 1;
    o->texts = strdup(prompt);
    *rgb = o->heap = malloc((size_t)width * (size_t)height * 3);
    if (!o->texts || !o->heap) {
        m6_picture_unref(&o->picture);
        return NULL;
    }
    o->picture = (struct m6_picture){.width = width, .height = height, .stride = (size_t)width * 3, .rgb = *rgb, .prompt = o->texts, .model = "", .caption = ""};
    return &o->picture;
}

/* ---- input frames ---- */

enum { KEEP_MAX = 64 };

struct m6_picture_input {
    atomic_int refs;
    int width, height, keep_count;
    int keep[KEEP_MAX][4];
    struct m6_buffer *buffer;
    uint64_t hash[2]; /* of the samples */
};

/* Two sums of 64 bits that go different ways; frames are no adversaries. */
static void hash_rows(uint64_t hash[2], const uint8_t *rgb, size_t bytes)
{
    uint64_t a = hash[0], b = hash[1], word;
    size_t i = 0;
    for (; i + sizeof word <= bytes; i += sizeof word) {
        memcpy(&word, rgb + i, sizeof word);
        a = (a ^ word) * 0x9e3779b97f4a7c15u;
        a ^= a >> 32;
        b = (b + word) * 0xff51afd7ed558ccdu;
        b ^= b >> 29;
    }
    for (; i < bytes; i++) {
        a = (a ^ rgb[i]) * 0x100000001b3u;
        b = (b + rgb[i]) * 0xc4ceb9fe1a85ec53u;
    }
    hash[0] = a;
    hash[1] = b;
}

enum m6_status m6_picture_input_create(struct m6_picture_input **out, const uint8_t *rgb, int width, int height, size_t stride, const int (*keep)[4],
                                       int keep_count, struct m6_error *err)
{
    const size_t row = width > 0 ? (size_t)width * 3 : 0;
    *out = NULL;
    if (width < 1 || height < 1 || keep_count < 1 || keep_count > KEEP_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "a frame of %dx%d with %d parts to keep cannot be drawn anew", width, height, keep_count);
    struct m6_picture_input *in = calloc(1, sizeof *in);
    if (!in)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a frame to draw anew");
    const enum m6_status status = m6_buffer_create(&in->buffer, row * (size_t)height, err);
    if (status) {
        free(in);
        return status;
    }
    in->refs = 1;
    in->width = width;
    in->height = height;
    in->keep_count = keep_count;
    memcpy(in->keep, keep, (size_t)keep_count * sizeof *keep);
    uint8_t *to = m6_buffer_data(in->buffer);
    for (int y = 0; y < height; y++, to += row) {
        memcpy(to, rgb + (size_t)y * stride, row);
        hash_rows(in->hash, to, row);
    }
    *out = in;
    return M6_OK;
}

enum m6_status m6_picture_input_around(struct m6_picture_input **out, const uint8_t *rgb, int width, int height, size_t stride, int x, int y, int w, int h,
                                       struct m6_error *err)
{
    const int64_t right = (int64_t)x + w < width ? (int64_t)x + w : width, bottom = (int64_t)y + h < height ? (int64_t)y + h : height;
    const int left = x > 0 ? x : 0, top = y > 0 ? y : 0;
    int keep[4][4], n = 0;
    *out = NULL;
    if (right <= left || bottom <= top)
        return m6_fail(err, M6_ERR_ARGUMENT, "the region %d,%d %dx%d lies outside the frame, which is %dx%d; give one inside it", x, y, w, h, width, height);
    const int parts[4][4] = {
        {0, 0, width, top}, {0, (int)bottom, width, height - (int)bottom}, {0, top, left, (int)bottom - top}, {(int)right, top, width - (int)right, (int)bottom - top},
    };
    for (int i = 0; i < 4; i++)
        if (parts[i][2] > 0 && parts[i][3] > 0)
            memcpy(keep[n++], parts[i], sizeof parts[i]);
    if (!n)
        return m6_fail(err, M6_ERR_ARGUMENT, "the region covers the whole frame, so that there is nothing to fit it to; use mode=replace");
    return m6_picture_input_create(out, rgb, width, height, stride, (const int(*)[4])keep, n, err);
}

struct m6_picture_input *m6_picture_input_ref(struct m6_picture_input *in)
{
    if (in)
        atomic_fetch_add(&in->refs, 1);
    return in;
}

void m6_picture_input_unref(struct m6_picture_input *in)
{
    if (!in || atomic_fetch_sub(&in->refs, 1) > 1)
        return;
    m6_buffer_release(in->buffer);
    free(in);
}

int input_is(const struct m6_picture_input *a, const struct m6_picture_input *b)
{
    if (a == b || !a || !b)
        return a == b;
    return a->width == b->width && a->height == b->height && a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1] && a->keep_count == b->keep_count &&
           !memcmp(a->keep, b->keep, (size_t)a->keep_count * sizeof *a->keep);
}

struct m6_client_frame input_frame(const struct m6_picture_input *in)
{
    return (struct m6_client_frame){.size = sizeof(struct m6_client_frame), .width = in->width, .height = in->height, .buffer = in->buffer};
}

void input_print_keep(const struct m6_picture_input *in, char *to, size_t size)
{
    size_t n = (size_t)snprintf(to, size, ", \"keep\": [");
    for (int i = 0; i < 4 * in->keep_count && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%d", i ? ", " : "", in->keep[i / 4][i % 4]);
    if (n < size)
        snprintf(to + n, size - n, "]");
}
