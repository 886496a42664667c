/* Checkpoints. A matrix is a tensor under its own name; its optimizer state, average and the bookkeeping of both go
 * under the same name with a suffix after a '#', which no matrix may contain. */
#include "train/param_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 128, PARTS = 4 };

static const char *const suffix[PARTS] = {"", "#state0", "#state1", "#average"};

/* Part `part` of an entry as it lies in memory; data NULL when it has none. */
static struct m6_stensor part_of(const struct m6_param_entry *e, int part)
{
    const int64_t length = part == 1 || part == 2 ? e->state_n[part - 1] : e->n;
    const float *data = part == 0   ? e->param.value
                        : part == 3 ? e->average
                        : length    ? e->param.state[part - 1]
                                    : NULL;
    struct m6_stensor t = {.type = M6_F32, .dims = 1, .dim = {length}, .data = data};
    if (length == e->n) {
        t.dims = 2;
        t.dim[0] = e->param.rows;
        t.dim[1] = e->param.cols;
    }
    t.bytes = (size_t)length * sizeof(float);
    return t;
}

enum m6_status m6_params_save(const struct m6_params *p, const char *path, const char *const *metadata,
                              struct m6_error *err)
{
    struct m6_stensor *tensor = malloc(((size_t)p->count * PARTS + 1) * sizeof *tensor);
    char(*name)[NAME] = malloc(((size_t)p->count * PARTS + 1) * sizeof *name);
    enum m6_status status = M6_ERR_MEMORY;
    int count = 0;
    if (!tensor || !name) {
        m6_fail(err, status, "no memory to write %s", path);
        goto done;
    }
    for (int i = 0; i < p->count; i++) {
        for (int part = 0; part < PARTS; part++) {
            tensor[count] = part_of(p->entry[i], part);
            if (!tensor[count].data)
                continue;
            snprintf(name[count], NAME, "%s%s", p->entry[i]->param.name, suffix[part]);
            tensor[count].name = name[count];
            count++;
        }
    }
    status = m6_safetensors_write(path, tensor, count, metadata, err);
done:
    free(tensor);
    free(name);
    return status;
}

int m6_param_shape_fits(const struct m6_param *q, const struct m6_stensor *t)
{
    if (t->dims == 1) /* a vector: [n] is as good as [1, n] */
        return q->rows == 1 && t->dim[0] == q->cols;
    return t->dims == 2 && t->dim[0] == q->rows && t->dim[1] == q->cols;
}

static int64_t elements(const struct m6_stensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->dims; i++)
        n *= t->dim[i];
    return n;
}

static const struct m6_stensor *find(const struct m6_safetensors *file, const struct m6_param_entry *e, int part)
{
    char name[NAME];
    snprintf(name, sizeof name, "%s%s", e->param.name, suffix[part]);
    return m6_safetensors_find(file, name);
}

/* Says why the file cannot fill this entry's part; NULL when it can. */
static const char *unfit(const struct m6_stensor *t, const struct m6_param_entry *e, int part)
{
    if (t->type != M6_F32)
        return "is not F32";
    if (part == 0 && !m6_param_shape_fits(&e->param, t))
        return "has another shape";
    if (part == 3 && elements(t) != e->n)
        return "has another length";
    if ((part == 1 || part == 2) && elements(t) != e->n && elements(t) != (int64_t)e->param.rows + e->param.cols)
        return "has another length";
    return NULL;
}

/* Everything is checked before anything changes. */
static enum m6_status check(const struct m6_params *p, const struct m6_safetensors *file, struct m6_error *err)
{
    for (int i = 0; i < p->count; i++) {
        for (int part = 0; part < PARTS; part++) {
            const struct m6_stensor *t = find(file, p->entry[i], part);
            const char *why = t ? unfit(t, p->entry[i], part) : part == 0 ? "is missing" : NULL;
            if (why)
                return m6_fail(err, M6_ERR_FORMAT, "tensor \"%s%s\" %s: expected F32 of %d x %d",
                               p->entry[i]->param.name, suffix[part], why, p->entry[i]->param.rows,
                               p->entry[i]->param.cols);
        }
    }
    return M6_OK;
}

static int take(struct m6_param_entry *e, const struct m6_stensor *t, int part)
{
    float *to = e->param.value;
    if (part == 1 || part == 2) {
        if (!m6_param_state(e, part - 1, elements(t)))
            return 0;
        to = e->param.state[part - 1];
    } else if (part == 3) {
        if (!e->average)
            e->average = m6_param_array(e->n);
        if (!e->average)
            return 0;
        to = e->average;
    }
    memcpy(to, t->data, t->bytes);
    return 1;
}

/* What a checkpoint does not hold had not been made when it was written. */
static void forget(struct m6_param_entry *e, int part)
{
    if (part == 3) {
        free(e->average);
        e->average = NULL;
    } else if (part > 0) {
        free(e->param.state[part - 1]);
        e->param.state[part - 1] = NULL;
        e->state_n[part - 1] = 0;
    }
}

enum m6_status m6_params_load(struct m6_params *p, const struct m6_safetensors *file, struct m6_error *err)
{
    const enum m6_status status = check(p, file, err);
    if (status != M6_OK)
        return status;
    for (int i = 0; i < p->count; i++) {
        for (int part = 0; part < PARTS; part++) {
            const struct m6_stensor *t = find(file, p->entry[i], part);
            if (!t)
                forget(p->entry[i], part);
            else if (!take(p->entry[i], t, part))
                return m6_fail(err, M6_ERR_MEMORY, "no memory to load \"%s\"", p->entry[i]->param.name);
        }
    }
    return M6_OK;
}
