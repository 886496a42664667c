/* Shapes of models too large to ship: what a machine would do with them, on random weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "core/bf16.h"
#include "io/file.h"

static const struct m6_shape built_in[] = {
    {"m6-1b", 24, 2048, 5632, 16, 16, 128, 0, 0},
    {"m6-7b", 30, 4096, 11008, 32, 32, 128, 0, 0},
    {"m6-30b-a3b", 48, 2048, 768, 32, 4, 128, 128, 8},
};

static enum m6_status field(const cJSON *json, const char *name, int least, int most, int otherwise, int *value,
                            const char *path, struct m6_error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    if (!item && otherwise >= 0) {
        *value = otherwise;
        return M6_OK;
    }
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) || item->valuedouble < least ||
        item->valuedouble > most)
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"%s\" must be a whole number from %d to %d", path, name, least, most);
    *value = (int)item->valuedouble;
    return M6_OK;
}

static enum m6_status parse(struct m6_shape *shape, const cJSON *json, const char *path, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    const struct {
        const char *name;
        int least, most, otherwise;
        int *value;
    } fields[] = {
        {"layers", 1, 1000, -1, &shape->layers},       {"d_model", 16, 65536, -1, &shape->d_model},
        {"ffn", 16, 262144, -1, &shape->ffn},          {"heads", 1, 1024, -1, &shape->heads},
        {"kv_heads", 1, 1024, 0, &shape->kv_heads},    {"head_dim", 1, 65536, 0, &shape->head_dim},
        {"experts", 0, 100000, 0, &shape->experts},    {"active", 0, 1024, 0, &shape->active},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !status; i++)
        status = field(json, fields[i].name, fields[i].least, fields[i].most, fields[i].otherwise, fields[i].value, path, err);
    if (status)
        return status;
    if (!shape->kv_heads)
        shape->kv_heads = shape->heads;
    if (!shape->head_dim)
        shape->head_dim = shape->d_model / shape->heads;
    if (shape->heads % shape->kv_heads || shape->head_dim < 2 || shape->head_dim % 2)
        return m6_fail(err, M6_ERR_FORMAT, "%s: heads must be a multiple of kv_heads, and head_dim even", path);
    if (shape->active > shape->experts || (shape->experts && !shape->active))
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"active\" must be from 1 to the number of experts", path);
    return M6_OK;
}

enum m6_status m6_shape_read(struct m6_shape *shape, const char *name, struct m6_error *err)
{
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
        if (!strcmp(built_in[i].name, name)) {
            *shape = built_in[i];
            return M6_OK;
        }
    struct m6_file file;
    enum m6_status status = m6_file_map(&file, name, err);
    if (status)
        return m6_fail(err, status, "there is no shape or file %s; the shapes are m6-1b, m6-7b and m6-30b-a3b", name);
    memset(shape, 0, sizeof *shape);
    strncpy(shape->name, name, sizeof shape->name - 1);
    cJSON *json = cJSON_ParseWithLength(file.data, file.size);
    m6_file_unmap(&file);
    status = cJSON_IsObject(json) ? parse(shape, json, name, err)
                                  : m6_fail(err, M6_ERR_FORMAT, "%s is not a JSON object", name);
    cJSON_Delete(json);
    return status;
}

static int64_t parameters_of(const struct m6_shape *s, int active_only)
{
    int64_t d = s->d_model, q = (int64_t)s->heads * s->head_dim, kv = (int64_t)s->kv_heads * s->head_dim;
    int64_t experts = s->experts ? (active_only ? s->active : s->experts) : 1;
    return s->layers * (d * (q + 2 * kv) + q * d + experts * 3 * d * s->ffn + (int64_t)s->experts * d);
}

/* ---- one layer after another ---- */
struct layer {
    struct m6_weight qkv, out, router, *up, *gate, *down;
    const struct m6_weight **ups, **gates, **downs;
};

struct stack {
    const struct m6_shape *shape;
    struct m6_backend *backend;
    struct layer *layer;
    struct m6_kv kv; /* one layer's; all layers share it, as the time is the same */
    float *x, *h, *qkv, *attended, *up, *gate, *logits, *choice, *ones;
    int32_t *slot, *position, *index;
    int rows;
};

static struct m6_mat mat(float *data, int rows, int cols)
{
    return (struct m6_mat){data, rows, cols, cols};
}

static void forward(struct stack *s, int rows, int context)
{
    const struct m6_shape *p = s->shape;
    struct m6_backend *b = s->backend;
    const struct m6_ops *o = b->ops;
    int q = p->heads * p->head_dim, kv = p->kv_heads * p->head_dim, wide = q + 2 * kv;
    struct m6_mat x = mat(s->x, rows, p->d_model), h = mat(s->h, rows, p->d_model);
    struct m6_mat qs = {s->qkv, rows, q, wide}, ks = {s->qkv + q, rows, kv, wide}, vs = {s->qkv + q + kv, rows, kv, wide};
    struct m6_epilogue plain = {0}, onto = {.residual = s->x};
    struct m6_span span = {0, rows, context, s->slot, 1};
    for (int l = 0; l < p->layers; l++) {
        struct layer *layer = &s->layer[l];
        o->rms_norm(b, h, x, s->ones, 1e-6f);
        o->matmul(b, mat(s->qkv, rows, wide), h, &layer->qkv, &plain);
        o->rope(b, qs, s->position + context - rows, p->heads, p->head_dim, 10000);
        o->rope(b, ks, s->position + context - rows, p->kv_heads, p->head_dim, 10000);
        o->kv_write(b, &s->kv, ks, vs, s->slot + context - rows);
        o->attention(b, mat(s->attended, rows, q), qs, &s->kv, p->heads, 1 / sqrtf((float)p->head_dim), &span, 1);
        o->matmul(b, x, mat(s->attended, rows, q), &layer->out, &onto);
        o->rms_norm(b, h, x, s->ones, 1e-6f);
        if (p->experts) {
            o->matmul(b, mat(s->logits, rows, p->experts), h, &layer->router, &plain);
            o->route_top_k(b, mat(s->logits, rows, p->experts), p->active, 1, s->index, s->choice);
            struct m6_experts e = {.experts = p->experts,
                                   .up = (struct m6_weight *const *)layer->ups,
                                   .gate = (struct m6_weight *const *)layer->gates,
                                   .down = (struct m6_weight *const *)layer->downs,
                                   .act = M6_ACT_SILU};
            o->experts(b, x, h, &e, s->index, s->choice, p->active);
        } else {
            o->matmul(b, mat(s->gate, rows, p->ffn), h, &layer->gate[0], &plain);
            o->matmul(b, mat(s->up, rows, p->ffn), h, &layer->up[0], &plain);
            o->gated(b, mat(s->up, rows, p->ffn), mat(s->gate, rows, p->ffn), mat(s->up, rows, p->ffn), M6_ACT_SILU);
            o->matmul(b, x, mat(s->up, rows, p->ffn), &layer->down[0], &onto);
        }
    }
}

static enum m6_status weight(struct stack *s, struct m6_weight *w, enum m6_type compute, int out, int in,
                             const uint16_t *noise, struct m6_error *err)
{
    enum m6_status status = s->backend->ops->weight_create(s->backend, w, compute, out, in, noise, M6_BF16, NULL);
    return status ? m6_fail(err, status, "no memory for a weight of %d × %d", out, in) : M6_OK;
}

static enum m6_status build(struct stack *s, enum m6_type compute, const uint16_t *noise, struct m6_error *err)
{
    const struct m6_shape *p = s->shape;
    int q = p->heads * p->head_dim, kv = p->kv_heads * p->head_dim, experts = p->experts ? p->experts : 1;
    for (int l = 0; l < p->layers; l++) {
        struct layer *layer = &s->layer[l];
        layer->up = calloc((size_t)experts * 3, sizeof *layer->up);
        layer->ups = calloc((size_t)experts * 3, sizeof *layer->ups);
        if (!layer->up || !layer->ups)
            return m6_fail(err, M6_ERR_MEMORY, "no memory for %d experts", experts);
        layer->gate = layer->up + experts;
        layer->down = layer->gate + experts;
        layer->gates = layer->ups + experts;
        layer->downs = layer->gates + experts;
        enum m6_status status = weight(s, &layer->qkv, compute, q + 2 * kv, p->d_model, noise, err);
        if (!status)
            status = weight(s, &layer->out, compute, p->d_model, q, noise, err);
        if (!status && p->experts)
            status = weight(s, &layer->router, M6_F32, p->experts, p->d_model, noise, err);
        for (int e = 0; e < experts && !status; e++) {
            layer->ups[e] = &layer->up[e];
            layer->gates[e] = &layer->gate[e];
            layer->downs[e] = &layer->down[e];
            status = weight(s, &layer->up[e], compute, p->ffn, p->d_model, noise, err);
            if (!status)
                status = weight(s, &layer->gate[e], compute, p->ffn, p->d_model, noise, err);
            if (!status)
                status = weight(s, &layer->down[e], compute, p->d_model, p->ffn, noise, err);
        }
        if (status)
            return status;
    }
    return M6_OK;
}

static void tear_down(struct stack *s)
{
    const struct m6_ops *o = s->backend->ops;
    for (int l = 0; s->layer && l < s->shape->layers; l++) {
        struct layer *layer = &s->layer[l];
        int experts = s->shape->experts ? s->shape->experts : 1;
        o->weight_destroy(s->backend, &layer->qkv);
        o->weight_destroy(s->backend, &layer->out);
        o->weight_destroy(s->backend, &layer->router);
        for (int e = 0; layer->up && e < 3 * experts; e++)
            o->weight_destroy(s->backend, &layer->up[e]);
        free(layer->up);
        free(layer->ups);
    }
    free(s->layer);
    float *floats[] = {s->kv.k, s->kv.v, s->x, s->h, s->qkv, s->attended, s->up, s->gate, s->logits, s->choice, s->ones};
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        o->free(s->backend, floats[i]);
    free(s->slot);
    free(s->position);
    free(s->index);
}

/* The median of `times` runs. */
static double median_forward(struct stack *s, int rows, int context, int times)
{
    double took[16];
    for (int i = 0; i < times; i++) {
        for (int k = 0; k < rows * s->shape->d_model; k++)
            s->x[k] = (float)((k * 2654435761u >> 8) & 0xffff) / 65536.0f - 0.5f;
        double start = m6_bench_now();
        forward(s, rows, context);
        took[i] = m6_bench_now() - start;
        for (int k = i; k > 0 && took[k] < took[k - 1]; k--) {
            double swap = took[k];
            took[k] = took[k - 1];
            took[k - 1] = swap;
        }
    }
    return took[times / 2];
}

static int read_number(const char *path, double *number)
{
    FILE *f = fopen(path, "r");
    const int got = f && fscanf(f, "%lf", number) == 1;
    if (f)
        fclose(f);
    return got;
}

/* What may be taken without swapping: the kernel's own estimate, and what the control group leaves. */
static double available_bytes(void)
{
    double bytes = (double)sysconf(_SC_AVPHYS_PAGES) * (double)sysconf(_SC_PAGESIZE), kib, limit, used;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "MemAvailable: %lf kB", &kib) == 1)
            bytes = kib * 1024;
    if (f)
        fclose(f);
    if (read_number("/sys/fs/cgroup/memory.max", &limit) && read_number("/sys/fs/cgroup/memory.current", &used) &&
        limit - used < bytes)
        bytes = limit - used;
    return bytes;
}

enum m6_status m6_bench_shape(struct m6_backend *backend, const struct m6_ceilings *ceilings, const struct m6_shape *shape,
                              enum m6_type compute, cJSON *report, struct m6_error *err)
{
    enum { ROWS = 512, CONTEXT = 1024 };
    double bytes = (double)parameters_of(shape, 0) * (double)m6_type_size(compute);
    double available = available_bytes();
    if (shape->head_dim > backend->head_max || shape->heads / shape->kv_heads > backend->group_max)
        return m6_fail(err, M6_ERR_FORMAT, "%s: heads of %d columns, %d of them to a kv_head; this backend takes %d and %d",
                       shape->name, shape->head_dim, shape->heads / shape->kv_heads, backend->head_max, backend->group_max);
    if (bytes * 1.05 + 1e9 > available)
        return m6_fail(err, M6_ERR_LIMIT,
                       "%s needs %.1f GB in %s and this machine has %.1f GB free; take fewer --layers or --compute i8",
                       shape->name, bytes * 1.05 / 1e9 + 1, m6_type_name(compute), available / 1e9);
    int q = shape->heads * shape->head_dim, kv = shape->kv_heads * shape->head_dim;
    size_t largest = (size_t)shape->d_model * (size_t)(shape->ffn > q + 2 * kv ? shape->ffn : q + 2 * kv);
    const struct m6_ops *o = backend->ops;
    struct stack s = {.shape = shape, .backend = backend, .rows = ROWS};
    uint16_t *noise = malloc(largest * sizeof *noise);
    s.layer = calloc((size_t)shape->layers, sizeof *s.layer);
    s.kv = (struct m6_kv){o->alloc(backend, (size_t)CONTEXT * (size_t)kv * 4), o->alloc(backend, (size_t)CONTEXT * (size_t)kv * 4),
                          CONTEXT, shape->kv_heads, shape->head_dim};
    struct {
        float **to;
        size_t cols;
    } wanted[] = {{&s.x, (size_t)shape->d_model}, {&s.h, (size_t)shape->d_model},   {&s.qkv, (size_t)(q + 2 * kv)},
                  {&s.attended, (size_t)q},       {&s.up, (size_t)shape->ffn},      {&s.gate, (size_t)shape->ffn},
                  {&s.logits, (size_t)shape->experts + 1}, {&s.choice, (size_t)shape->active + 1}, {&s.ones, (size_t)shape->d_model}};
    int ok = noise && s.layer && s.kv.k && s.kv.v;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ok = (*wanted[i].to = o->alloc(backend, wanted[i].cols * ROWS * sizeof(float))) && ok;
    s.slot = malloc(CONTEXT * sizeof *s.slot);
    s.position = malloc(CONTEXT * sizeof *s.position);
    s.index = malloc((size_t)ROWS * (size_t)(shape->active + 1) * sizeof *s.index);
    enum m6_status status = ok && s.slot && s.position && s.index ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for %s", shape->name);
    if (!status) {
        for (int i = 0; i < CONTEXT; i++)
            s.slot[i] = s.position[i] = i;
        for (int i = 0; i < shape->d_model; i++)
            s.ones[i] = 1;
        memset(s.kv.k, 0, (size_t)CONTEXT * (size_t)kv * 4);
        memset(s.kv.v, 0, (size_t)CONTEXT * (size_t)kv * 4);
        for (size_t i = 0; i < largest; i++)
            noise[i] = m6_bf16_from_float(((float)((i * 2654435761u >> 7) & 0xffff) / 65536.0f - 0.5f) * 0.05f);
        status = build(&s, compute, noise, err);
    }
    free(noise);
    if (!status) {
        double prefill = median_forward(&s, ROWS, ROWS, 3), decode = median_forward(&s, 1, CONTEXT, 9);
        double active = (double)parameters_of(shape, 1);
        double gbs = active * (double)m6_type_size(compute) / decode / 1e9, gflops = 2 * active * ROWS / prefill / 1e9;
        double peak = compute == M6_F32 ? ceilings->f32_all : ceilings->bf16_all;
        cJSON *json = cJSON_AddObjectToObject(report, "shape");
        cJSON_AddStringToObject(json, "name", shape->name);
        cJSON_AddNumberToObject(json, "layers", shape->layers);
        cJSON_AddStringToObject(json, "compute", m6_type_name(compute));
        cJSON_AddNumberToObject(json, "weights_gb", bytes / 1e9);
        cJSON_AddNumberToObject(json, "decode_ms", decode * 1e3);
        cJSON_AddNumberToObject(json, "decode_gb_per_s", gbs);
        cJSON_AddNumberToObject(json, "decode_share_of_read", ceilings->read_all > 0 ? gbs / ceilings->read_all : 0);
        cJSON_AddNumberToObject(json, "prefill_rows", ROWS);
        cJSON_AddNumberToObject(json, "prefill_ms", prefill * 1e3);
        cJSON_AddNumberToObject(json, "prefill_gflops", gflops);
        cJSON_AddNumberToObject(json, "prefill_share_of_peak", peak > 0 ? gflops / peak : 0);
    }
    tear_down(&s);
    return status;
}
