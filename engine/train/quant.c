#include "train/quant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double round_row(const float *w, int n, float scale, int8_t *q)
{
    double error = 0;
    const float inverse = 1 / scale;
    for (int i = 0; i < n; i++) {
        const float x = fminf(fmaxf(rintf(w[i] * inverse), -127), 127), d = x * scale - w[i];
        q[i] = (int8_t)x;
        error += d * d;
    }
    return error;
}

float m6_quant_row(const float *w, int n, int8_t *q)
{
    float top = 0;
    for (int i = 0; i < n; i++)
        top = fmaxf(top, fabsf(w[i]));
    if (top == 0) {
        memset(q, 0, (size_t)n);
        return 0;
    }
    float best = top / 127;
    double least = round_row(w, n, best, q);
    for (int k = 1; k < 8; k++) {
        const float scale = top / 127 * (1 - 0.03f * (float)k);
        const double error = round_row(w, n, scale, q);
        if (error < least) {
            least = error;
            best = scale;
        }
    }
    round_row(w, n, best, q);
    return best;
}

/* Positions and kinds are added up as they are and are small; the router decides by small differences. */
static int sensitive(const char *name)
{
    return !strncmp(name, "pos.", 4) || !strncmp(name, "kind.", 5) || strstr(name, ".router.") != NULL;
}

struct file {
    struct m6_stensor *tensor;
    int count;
    void **owned;
    int owns;
    char (*scale_name)[112];
};

static int add_param(struct file *f, const struct m6_param *p, enum m6_quant how, int index)
{
    const size_t elements = (size_t)p->rows * (size_t)p->cols;
    struct m6_stensor *t = &f->tensor[f->count++];
    *t = (struct m6_stensor){p->name, M6_F32, 2, {p->rows, p->cols}, p->value, elements * sizeof(float)};
    if (p->rows == 1) {
        t->dims = 1;
        t->dim[0] = p->cols;
    }
    if (how != M6_QUANT_I8 || p->rows == 1 || elements < M6_QUANT_ELEMENTS || sensitive(p->name))
        return 1;
    int8_t *q = f->owned[f->owns++] = malloc(elements);
    float *scale = f->owned[f->owns++] = malloc((size_t)p->rows * sizeof *scale);
    if (!q || !scale)
        return 0;
    for (int r = 0; r < p->rows; r++)
        scale[r] = m6_quant_row(p->value + (size_t)r * p->cols, p->cols, q + (size_t)r * p->cols);
    t->type = M6_I8;
    t->data = q;
    t->bytes = elements;
    snprintf(f->scale_name[index], sizeof *f->scale_name, "%s.scale", p->name);
    f->tensor[f->count++] =
        (struct m6_stensor){f->scale_name[index], M6_F32, 1, {p->rows}, scale, (size_t)p->rows * sizeof(float)};
    return 1;
}

/* Floats first, so that every tensor lies at a multiple of its element's size. */
static int wider_first(const void *a, const void *b)
{
    const struct m6_stensor *x = a, *y = b;
    if (x->type != y->type)
        return (y->type == M6_F32) - (x->type == M6_F32);
    return strcmp(x->name, y->name);
}

enum m6_status m6_quant_write(const struct m6_params *p, enum m6_quant how, const char *path,
                              const char *const *metadata, struct m6_error *err)
{
    const int n = m6_params_count(p);
    struct file f = {calloc((size_t)n * 2, sizeof *f.tensor), 0, calloc((size_t)n * 2, sizeof *f.owned), 0,
                     calloc((size_t)n, sizeof *f.scale_name)};
    int good = f.tensor && f.owned && f.scale_name;
    for (int i = 0; good && i < n; i++)
        good = add_param(&f, m6_params_at(p, i), how, i);
    enum m6_status status = M6_ERR_MEMORY;
    if (good) {
        qsort(f.tensor, (size_t)f.count, sizeof *f.tensor, wider_first);
        status = m6_safetensors_write(path, f.tensor, f.count, metadata, err);
    } else {
        m6_fail(err, M6_ERR_MEMORY, "no memory to write %s", path);
    }
    for (int i = 0; f.owned && i < f.owns; i++)
        free(f.owned[i]);
    free(f.owned);
    free(f.tensor);
    free(f.scale_name);
    return status;
}
