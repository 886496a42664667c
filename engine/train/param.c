#include "train/param_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpuinfo.h"

struct m6_params *m6_params_create(void)
{
    struct m6_params *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    const int level = m6_isa_choose(NULL);
    p->k = m6_grad_kernels_for(m6_isa_name(level < 0 ? M6_ISA_C : (enum m6_isa)level));
    return p;
}

void m6_params_destroy(struct m6_params *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->count; i++) {
        struct m6_param *q = &p->entry[i]->param;
        free(q->value);
        free(q->grad);
        free(q->state[0]);
        free(q->state[1]);
        free(q->value64);
        free(q->grad64);
        free(p->entry[i]->average);
        free(p->entry[i]);
    }
    free(p->entry);
    free(p->part);
    free(p);
}

float *m6_param_array(int64_t n)
{
    const size_t bytes = ((size_t)n * sizeof(float) + 63) & ~(size_t)63;
    float *a = aligned_alloc(64, bytes ? bytes : 64);
    if (a)
        memset(a, 0, bytes);
    return a;
}

int m6_param_state(struct m6_param_entry *e, int i, int64_t n)
{
    if (e->state_n[i] == n)
        return 1;
    free(e->param.state[i]);
    e->param.state[i] = m6_param_array(n);
    e->state_n[i] = e->param.state[i] ? n : 0;
    return e->param.state[i] != NULL;
}

/* ---- where values start: element i of a matrix is a function of seed, name and i alone ---- */

static uint64_t name_hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return h;
}

/* The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every bit of the counter reaches every bit of the result. */
static uint64_t mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Box and Muller's transform of two uniform numbers. */
static double gaussian(uint64_t key, uint64_t i)
{
    const uint64_t a = mixed(key + (2 * i + 1) * 0x9e3779b97f4a7c15u);
    const uint64_t b = mixed(key + (2 * i + 2) * 0x9e3779b97f4a7c15u);
    const double u = ((double)(a >> 11) + 1) * 0x1p-53, v = (double)(b >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static void start(struct m6_param_entry *e, float mean, float deviation, uint64_t seed)
{
    const uint64_t key = mixed(seed ^ mixed(name_hash(e->param.name)));
    for (int64_t i = 0; i < e->n; i++)
        e->param.value[i] = deviation == 0.0f ? mean : (float)(mean + deviation * gaussian(key, (uint64_t)i));
}

struct m6_param *m6_params_find(const struct m6_params *p, const char *name)
{
    for (int i = 0; i < p->count; i++) {
        if (strcmp(p->entry[i]->param.name, name) == 0)
            return &p->entry[i]->param;
    }
    return NULL;
}

struct m6_param *m6_params_add(struct m6_params *p, const char *name, int rows, int cols, float mean, float deviation,
                               uint64_t seed)
{
    if (rows <= 0 || cols <= 0 || strlen(name) >= sizeof p->entry[0]->param.name || m6_params_find(p, name))
        return NULL;
    if (p->count == p->room) {
        const int room = p->room ? 2 * p->room : 64;
        struct m6_param_entry **list = realloc(p->entry, (size_t)room * sizeof *list);
        if (!list)
            return NULL;
        p->entry = list;
        p->room = room;
    }
    struct m6_param_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->n = (int64_t)rows * cols;
    e->param = (struct m6_param){.rows = rows,
                                 .cols = cols,
                                 .value = m6_param_array(e->n),
                                 .grad = m6_param_array(e->n),
                                 .lr_scale = 1.0f,
                                 .decay = rows > 1 && cols > 1};
    if (!e->param.value || !e->param.grad) {
        free(e->param.value);
        free(e->param.grad);
        free(e);
        return NULL;
    }
    snprintf(e->param.name, sizeof e->param.name, "%s", name);
    start(e, mean, deviation, seed);
    p->entry[p->count++] = e;
    return &e->param;
}

int m6_params_count(const struct m6_params *p)
{
    return p->count;
}

struct m6_param *m6_params_at(const struct m6_params *p, int i)
{
    return &p->entry[i]->param;
}

int64_t m6_params_elements(const struct m6_params *p)
{
    int64_t n = 0;
    for (int i = 0; i < p->count; i++)
        n += p->entry[i]->n;
    return n;
}

enum m6_status m6_params_double(struct m6_params *p)
{
    for (int i = 0; i < p->count; i++) {
        struct m6_param *q = &p->entry[i]->param;
        const size_t n = (size_t)p->entry[i]->n;
        if (!q->value64)
            q->value64 = malloc(n * sizeof *q->value64);
        if (!q->grad64)
            q->grad64 = malloc(n * sizeof *q->grad64);
        if (!q->value64 || !q->grad64)
            return M6_ERR_MEMORY;
        for (size_t j = 0; j < n; j++) {
            q->value64[j] = q->value[j];
            q->grad64[j] = 0;
        }
    }
    return M6_OK;
}

void m6_params_clear_grads(struct m6_params *p)
{
    for (int i = 0; i < p->count; i++) {
        struct m6_param *q = &p->entry[i]->param;
        memset(q->grad, 0, (size_t)p->entry[i]->n * sizeof *q->grad);
        if (q->grad64)
            memset(q->grad64, 0, (size_t)p->entry[i]->n * sizeof *q->grad64);
    }
}

/* ---- the average ---- */

enum { CHUNK = 1 << 16 };

struct averaging {
    const struct m6_grad_kernels *k;
    float *mean;
    const float *value;
    int64_t n;
    float decay;
};

static void average_task(void *arg, int task, int thread)
{
    const struct averaging *a = arg;
    const int64_t at = (int64_t)task * CHUNK, left = a->n - at;
    a->k->average(a->mean + at, a->value + at, a->decay, (size_t)(left < CHUNK ? left : CHUNK));
}

void m6_params_average(struct m6_params *p, struct m6_pool *pool, float decay)
{
    if (decay <= 0)
        return;
    for (int i = 0; i < p->count; i++) {
        struct m6_param_entry *e = p->entry[i];
        if (!e->average) {
            e->average = m6_param_array(e->n);
            if (e->average)
                memcpy(e->average, e->param.value, (size_t)e->n * sizeof *e->average);
            continue;
        }
        struct averaging a = {
            .k = p->k, .mean = e->average, .value = e->param.value, .n = e->n, .decay = decay};
        m6_pool_run(pool, (int)((e->n + CHUNK - 1) / CHUNK), average_task, &a);
    }
}

void m6_params_swap_average(struct m6_params *p)
{
    for (int i = 0; i < p->count; i++) {
        struct m6_param_entry *e = p->entry[i];
        if (!e->average)
            continue;
        float *value = e->param.value;
        e->param.value = e->average;
        e->average = value;
    }
}
