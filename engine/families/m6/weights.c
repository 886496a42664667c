#include "families/m6/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/dequantise.h"

struct loader {
    const struct m6_config *c;
    struct m6_weights *w;
    struct m6_backend *backend;
    enum m6_type compute;
    const struct m6_safetensors *tensors;
    const char *file;
    struct m6_error *err;
    char first[96]; /* the first missing name */
    int missing;
    size_t arena, used; /* floats */
    int64_t in_experts; /* parameters */
    size_t bytes, done; /* of the file's tensors: to be read, read */
    int hundredths;     /* told of */
    const struct m6_load *load;
};

static size_t rounded(size_t floats)
{
    return (floats + 15) & ~(size_t)15;
}

/* ---- checks ---- */

static int shape_is(const struct m6_stensor *t, int rows, int cols)
{
    if (t->dims == 1)
        return rows == 1 && t->dim[0] == cols;
    return t->dims == 2 && t->dim[0] == rows && t->dim[1] == cols;
}

static const struct m6_stensor *scale_of(const struct m6_safetensors *tensors, const char *name)
{
    char full[128];
    snprintf(full, sizeof full, "%s.scale", name);
    return m6_safetensors_find(tensors, full);
}

static void shape_text(const struct m6_stensor *t, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < t->dims && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? " x " : "", (long long)t->dim[i]);
}

static enum m6_status check_one(void *arg, const struct m6_weight_spec *spec)
{
    struct loader *l = arg;
    const size_t elements = (size_t)spec->rows * (size_t)spec->cols;
    const struct m6_stensor *t = m6_safetensors_find(l->tensors, spec->name);
    l->w->parameters += (int64_t)elements;
    if (spec->use == M6_USE_EXPERT)
        l->in_experts += (int64_t)elements;
    else if (spec->use != M6_USE_ELSEWHERE)
        l->w->active_parameters += spec->use == M6_USE_ROW ? spec->cols : (int64_t)elements;
    if (spec->form == M6_FORM_TABLE || spec->form == M6_FORM_VECTOR)
        l->arena += rounded(elements);
    if (!t) {
        if (!l->missing++)
            snprintf(l->first, sizeof l->first, "%s", spec->name);
        return M6_OK;
    }
    if (!shape_is(t, spec->rows, spec->cols)) {
        char shape[128];
        shape_text(t, shape, sizeof shape);
        return m6_fail(l->err, M6_ERR_MODEL, "%s: %s is %s where config.json makes it %d x %d", l->file, spec->name, shape,
                       spec->rows, spec->cols);
    }
    const int vector = spec->form == M6_FORM_VECTOR;
    if (t->type != M6_F32 && t->type != M6_BF16 && (t->type != M6_I8 || vector))
        return m6_fail(l->err, M6_ERR_UNSUPPORTED, "%s: %s has the type %s; %s", l->file, spec->name,
                       m6_type_name(t->type), vector ? "vectors are F32 or BF16" : "matrices are I8, BF16 or F32");
    if (t->type == M6_I8) {
        const struct m6_stensor *scale = scale_of(l->tensors, spec->name);
        if (!scale || scale->type != M6_F32 || scale->dims != 1 || scale->dim[0] != spec->rows)
            return m6_fail(l->err, M6_ERR_MODEL, "%s: %s is I8 and needs %s.scale, F32, of %d values", l->file,
                           spec->name, spec->name, spec->rows);
        l->bytes += scale->bytes;
    }
    l->bytes += t->bytes;
    return M6_OK;
}

/* ---- filling ---- */

static void tell(struct loader *l)
{
    const int hundredths = l->bytes ? (int)((double)l->done / (double)l->bytes * 100) : 100;
    if (l->load->loading && hundredths != l->hundredths)
        l->load->loading(l->load->loading_arg, l->done, l->bytes);
    l->hundredths = hundredths;
}

/* Rows as they lie in the file, as a copy: at an address that suits their type, and safe from whoever writes to the file. */
struct source {
    enum m6_type type;
    const void *data;
    const float *scale;
    void *copy[2];
};

static enum m6_status copy(struct loader *l, const struct m6_stensor *t, void **to)
{
    *to = malloc(t->bytes + 1);
    l->done += t->bytes;
    return *to ? m6_safetensors_copy(l->tensors, t, *to, l->err) : M6_ERR_MEMORY;
}

static enum m6_status open_source(struct source *s, struct loader *l, const char *name)
{
    const struct m6_stensor *t = m6_safetensors_find(l->tensors, name);
    *s = (struct source){.type = t->type};
    enum m6_status status = copy(l, t, &s->copy[0]);
    if (!status && t->type == M6_I8)
        status = copy(l, scale_of(l->tensors, name), &s->copy[1]);
    s->data = s->copy[0];
    s->scale = s->copy[1];
    return status;
}

static void close_source(struct source *s)
{
    free(s->copy[0]);
    free(s->copy[1]);
}

static int all_finite(const void *data, enum m6_type type, size_t count)
{
    if (type == M6_F32) {
        const float *x = data;
        for (size_t i = 0; i < count; i++)
            if (!isfinite(x[i]))
                return 0;
    } else if (type == M6_BF16) {
        const uint16_t *x = data;
        for (size_t i = 0; i < count; i++)
            if ((x[i] & 0x7f80) == 0x7f80)
                return 0;
    }
    return 1;
}

/* A table's way to the backend leads through ordinary memory. */
static enum m6_status fill_floats(struct loader *l, const struct m6_weight_spec *spec, const struct source *s)
{
    const size_t elements = (size_t)spec->rows * (size_t)spec->cols;
    float *values = malloc(elements * sizeof *values);
    if (!values)
        return M6_ERR_MEMORY;
    m6_dequantise(values, s->data, s->type, s->scale, spec->rows, spec->cols);
    if (spec->form == M6_FORM_HOST) {
        *(float **)spec->to = values;
        return M6_OK;
    }
    float *to = l->w->arena + l->used;
    l->used += rounded(elements);
    l->backend->ops->upload(l->backend, to, values, elements * sizeof *values);
    free(values);
    *(float **)spec->to = to;
    return M6_OK;
}

static enum m6_status fill_one(void *arg, const struct m6_weight_spec *spec)
{
    struct loader *l = arg;
    struct source s;
    enum m6_status status = open_source(&s, l, spec->name);
    if (status == M6_ERR_IO) {
        close_source(&s);
        return status; /* it has said why */
    }
    if (!status) {
        const size_t elements = (size_t)spec->rows * (size_t)spec->cols;
        if (!all_finite(s.data, s.type, elements) || (s.scale && !all_finite(s.scale, M6_F32, (size_t)spec->rows))) {
            close_source(&s);
            return m6_fail(l->err, M6_ERR_MODEL, "%s: %s holds values that are no numbers",
                           l->file, spec->name);
        }
        if (spec->form == M6_FORM_MATRIX) {
            struct m6_weight *w = spec->to;
            status = l->backend->ops->weight_create(l->backend, w, spec->routes ? M6_F32 : l->compute, spec->rows,
                                                    spec->cols, s.data, s.type, s.scale);
            l->w->bytes += status ? 0 : w->bytes;
        } else {
            status = fill_floats(l, spec, &s);
        }
    }
    close_source(&s);
    if (status)
        return m6_fail(l->err, status, "cannot load %s of %s: %s", spec->name, l->file, m6_status_name(status));
    tell(l);
    return M6_OK;
}

/* ---- positions ---- */

static void sum3(float *to, const float *a, const float *b, const float *c, const float *kind, int d)
{
    for (int i = 0; i < d; i++)
        to[i] = a[i] + (b ? b[i] : 0) + (c ? c[i] : 0) + kind[i];
}

/* What a row's place and kind add to its content never changes: one table of sums, one look-up a row. */
static enum m6_status fill_positions(struct loader *l)
{
    const struct m6_config *c = l->c;
    struct m6_weights *w = l->w;
    const int d = c->d_model, across = m6_config_patch_w(c);
    const size_t n = (size_t)d, floats = (size_t)m6_position_count(c) * n;
    const float *kind = w->host.kind;
    float *table = malloc(floats * sizeof *table);
    if (!table)
        return m6_fail(l->err, M6_ERR_MEMORY, "no memory for the positions of %s", l->file);
    for (int f = 0; f < M6_FRAMES_MAX; f++)
        for (int p = 0; p < m6_config_patches(c); p++)
            sum3(table + (size_t)m6_position_patch(c, f, p) * n, w->host.row + (size_t)(p / across) * n,
                 w->host.col + (size_t)(p % across) * n, w->host.frame + (size_t)f * n, kind + M6_KIND_PICTURE * n, d);
    for (int i = 0; i < c->text_max; i++) {
        const float *at = w->host.text + (size_t)i * n;
        sum3(table + (size_t)m6_position_text(c, i) * n, at, NULL, NULL, kind + M6_KIND_TEXT * n, d);
        sum3(table + (size_t)m6_position_target(c, i) * n, at, NULL, NULL, kind + M6_KIND_TARGET * n, d);
    }
    for (int p = 0; p < m6_config_places(c); p++) {
        const float *row = w->host.code_row + (size_t)(p / c->code_w) * n, *col = w->host.code_col + (size_t)(p % c->code_w) * n;
        sum3(table + (size_t)m6_position_code(c, p) * n, row, col, NULL, kind + M6_KIND_CODES * n, d);
        sum3(table + (size_t)m6_position_masked(c, p) * n, row, col, NULL, kind + M6_KIND_MASKED * n, d);
    }
    w->position = w->arena + l->used;
    l->used += rounded(floats);
    l->backend->ops->upload(l->backend, w->position, table, floats * sizeof *table);
    free(table);
    return M6_OK;
}

static void free_host(struct m6_weights *w)
{
    free(w->host.text);
    free(w->host.row);
    free(w->host.col);
    free(w->host.frame);
    free(w->host.code_row);
    free(w->host.code_col);
    free(w->host.kind);
    memset(&w->host, 0, sizeof w->host);
}

/* ---- the whole ---- */

/* Experts are called through lists of pointers. */
static int init_experts(struct m6_layer *l, const struct m6_config *c)
{
    const size_t n = (size_t)c->experts;
    l->expert = calloc(2 * n, sizeof *l->expert);
    l->pointers = calloc(2 * n, sizeof(void *));
    if (!l->expert || !l->pointers)
        return 0;
    struct m6_weight **weight = l->pointers;
    for (size_t i = 0; i < 2 * n; i++)
        weight[i] = &l->expert[i].w;
    l->experts = (struct m6_experts){.experts = c->experts, .up = weight, .down = weight + n, .act = M6_ACT_GELU};
    return 1;
}

/* Biases are known once they are loaded. */
static int link_biases(struct m6_layer *l, const struct m6_config *c)
{
    const size_t n = (size_t)c->experts;
    const float **bias = realloc(l->pointers, 4 * n * sizeof(void *));
    if (!bias)
        return 0;
    l->pointers = bias;
    struct m6_weight **weight = l->pointers;
    for (size_t i = 0; i < 2 * n; i++)
        bias[2 * n + i] = l->expert[i].b;
    l->experts.up = weight;
    l->experts.down = weight + n;
    l->experts.up_bias = bias + 2 * n;
    l->experts.down_bias = bias + 3 * n;
    return 1;
}

static enum m6_status init_lists(struct loader *l)
{
    const struct m6_config *c = l->c;
    struct m6_weights *w = l->w;
    w->layer = calloc((size_t)c->layers, sizeof *w->layer);
    int ok = w->layer != NULL;
    for (int i = 0; ok && i < c->layers; i++)
        ok = !m6_config_sparse(c, i) || init_experts(&w->layer[i], c);
    for (int t = 0; ok && t < 2; t++) {
        w->encoder.block[t] = calloc((size_t)c->tok_encoder_blocks[t] + 1, sizeof *w->encoder.block[t]);
        w->decoder.block[t] = calloc((size_t)c->tok_decoder_blocks[t] + 1, sizeof *w->decoder.block[t]);
        ok = w->encoder.block[t] && w->decoder.block[t];
    }
    l->arena += rounded((size_t)m6_position_count(c) * (size_t)c->d_model);
    w->arena = ok ? l->backend->ops->alloc(l->backend, l->arena * sizeof(float)) : NULL;
    w->bytes = l->arena * sizeof(float);
    return w->arena ? M6_OK : m6_fail(l->err, M6_ERR_MEMORY, "no memory for the weights of %s", l->file);
}

static enum m6_status load(struct loader *l)
{
    const struct m6_config *c = l->c;
    enum m6_status status = m6_weights_each(c, NULL, check_one, l);
    if (status)
        return status;
    if (l->in_experts)
        l->w->active_parameters += l->in_experts / c->experts * c->prototypes;
    if (l->missing)
        return m6_fail(l->err, M6_ERR_MODEL, "%s lacks %d of the weights that config.json asks for, first of all %s",
                       l->file, l->missing, l->first);
    status = init_lists(l);
    if (!status)
        tell(l);
    if (!status)
        status = m6_weights_each(c, l->w, fill_one, l);
    if (!status)
        status = fill_positions(l);
    for (int i = 0; i < c->layers && !status; i++)
        if (m6_config_sparse(c, i) && !link_biases(&l->w->layer[i], c))
            status = m6_fail(l->err, M6_ERR_MEMORY, "no memory for the experts of %s", l->file);
    return status;
}

enum m6_status m6_weights_load(struct m6_weights *w, const struct m6_config *c, const struct m6_load *given,
                               const struct m6_safetensors *tensors, const char *file, struct m6_error *err)
{
    *w = (struct m6_weights){.backend = given->backend};
    struct loader l = {.c = c, .w = w, .backend = given->backend, .compute = given->compute, .tensors = tensors, .file = file,
                       .err = err, .hundredths = -1, .load = given};
    const enum m6_status status = load(&l);
    free_host(w);
    if (status)
        m6_weights_finish(w, c);
    return status;
}

static enum m6_status destroy_one(void *arg, const struct m6_weight_spec *spec)
{
    struct m6_backend *backend = arg;
    if (spec->form == M6_FORM_MATRIX)
        backend->ops->weight_destroy(backend, spec->to);
    return M6_OK;
}

void m6_weights_finish(struct m6_weights *w, const struct m6_config *c)
{
    if (!w->backend)
        return;
    if (w->arena)
        m6_weights_each(c, w, destroy_one, w->backend);
    for (int i = 0; w->layer && i < c->layers; i++) {
        free(w->layer[i].expert);
        free(w->layer[i].pointers);
    }
    free(w->layer);
    for (int t = 0; t < 2; t++) {
        free(w->encoder.block[t]);
        free(w->decoder.block[t]);
    }
    if (w->arena)
        w->backend->ops->free(w->backend, w->arena);
    *w = (struct m6_weights){0};
}
