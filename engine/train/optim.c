/* AdamW (arXiv 1711.05101), and the clipping by a global norm that comes before any optimizer. */
#include "train/optim_internal.h"

#include <math.h>
#include <stdlib.h>

struct squares {
    const struct m6_grad_kernels *k;
    const float *x;
    double *part;
    int64_t n;
};

static size_t cut(int64_t n, int task, int64_t *at)
{
    *at = (int64_t)task * M6_OPTIM_CHUNK;
    return (size_t)(n - *at < M6_OPTIM_CHUNK ? n - *at : M6_OPTIM_CHUNK);
}

static void square_task(void *arg, int task, int thread)
{
    const struct squares *s = arg;
    int64_t at;
    const size_t n = cut(s->n, task, &at);
    s->part[task] = s->k->sum_squares(s->x + at, n);
}

double m6_optim_squares(struct m6_params *p, struct m6_pool *pool, const float *x, int64_t n)
{
    struct squares s = {.k = p->k, .x = x, .part = p->part, .n = n};
    const int parts = m6_optim_chunks(n);
    m6_pool_run(pool, parts, square_task, &s);
    double sum = 0;
    for (int i = 0; i < parts; i++)
        sum += p->part[i];
    return sum;
}

static int trained(const struct m6_param_entry *e)
{
    return e->param.lr_scale != 0.0f;
}

static double norm(struct m6_params *p, struct m6_pool *pool)
{
    double sum = 0;
    for (int i = 0; i < p->count; i++) {
        if (trained(p->entry[i]))
            sum += m6_optim_squares(p, pool, p->entry[i]->param.grad, p->entry[i]->n);
    }
    return sqrt(sum);
}

struct adamw {
    const struct m6_grad_kernels *k;
    struct m6_param_entry *e;
    struct m6_adamw how;
};

static void adamw_task(void *arg, int task, int thread)
{
    const struct adamw *a = arg;
    struct m6_param *q = &a->e->param;
    int64_t at;
    const size_t n = cut(a->e->n, task, &at);
    a->k->adamw(q->value + at, q->grad + at, q->state[0] + at, q->state[1] + at, n, &a->how);
}

static void adamw(struct m6_params *p, struct m6_pool *pool, const struct m6_optim *o, struct m6_param_entry *e,
                  int64_t step, float scale)
{
    const double lr = (double)o->lr * e->param.lr_scale;
    struct adamw a = {.k = p->k,
                      .e = e,
                      .how = {.beta1 = o->beta1,
                              .beta2 = o->beta2,
                              .eps = o->eps,
                              .scale = scale,
                              .step = (float)(lr / (1 - pow(o->beta1, (double)step))),
                              .root = (float)(1 / sqrt(1 - pow(o->beta2, (double)step))),
                              .shrink = e->param.decay ? (float)(lr * o->weight_decay) : 0.0f}};
    m6_pool_run(pool, m6_optim_chunks(e->n), adamw_task, &a);
}

/* How long state[0] is; state[1], where there is one, has every element. */
static int64_t state_length(const struct m6_param_entry *e, const struct m6_optim *o)
{
    const struct m6_param *q = &e->param;
    return o->kind == M6_ADAFACTOR && q->rows > 1 && q->cols > 1 ? (int64_t)q->rows + q->cols : e->n;
}

static int has_momentum(const struct m6_optim *o)
{
    return o->kind == M6_ADAMW || o->beta1 > 0;
}

int m6_params_state_fits(const struct m6_params *p, const struct m6_optim *o)
{
    for (int i = 0; i < p->count; i++) {
        const struct m6_param_entry *e = p->entry[i];
        if (e->state_n[0] && (e->state_n[0] != state_length(e, o) || !e->state_n[1] != !has_momentum(o)))
            return 0;
    }
    return 1;
}

/* Memory for everything before anything changes. */
static int prepare(struct m6_params *p, const struct m6_optim *o)
{
    int64_t most = 1;
    for (int i = 0; i < p->count; i++) {
        struct m6_param_entry *e = p->entry[i];
        if (e->n > most)
            most = e->n;
        if (!trained(e))
            continue;
        if (!m6_param_state(e, 0, state_length(e, o)) || (has_momentum(o) && !m6_param_state(e, 1, e->n)))
            return 0;
    }
    if (p->parts < m6_optim_chunks(most)) {
        free(p->part);
        p->parts = m6_optim_chunks(most);
        p->part = malloc((size_t)p->parts * sizeof *p->part);
        if (!p->part)
            p->parts = 0;
    }
    return p->part != NULL;
}

double m6_params_step(struct m6_params *p, struct m6_pool *pool, const struct m6_optim *o, int64_t step)
{
    if (!prepare(p, o)) {
        m6_params_clear_grads(p);
        return NAN;
    }
    const double length = norm(p, pool);
    if (!isfinite(length)) {
        m6_params_clear_grads(p);
        return length;
    }
    const float scale = o->clip > 0 && length > o->clip ? (float)(o->clip / length) : 1.0f;
    for (int i = 0; i < p->count; i++) {
        struct m6_param_entry *e = p->entry[i];
        if (!trained(e))
            continue;
        if (o->kind == M6_ADAMW)
            adamw(p, pool, o, e, step, scale);
        else if (!m6_optim_adafactor(p, pool, o, e, step, scale))
            return NAN;
    }
    return length;
}
