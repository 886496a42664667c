#include "families/features.h"

#include <stdlib.h>

struct feature {
    struct m6_keyed_item item; /* weight: bytes */
    float *data;
};

void m6_features_init(struct m6_features *f, struct m6_backend *backend, size_t budget)
{
    *f = (struct m6_features){.backend = backend, .budget = budget};
}

static int evict(struct m6_features *f)
{
    struct feature *old = (struct feature *)m6_keyed_evict(&f->known);
    if (!old)
        return 0;
    f->backend->ops->free(f->backend, old->data);
    free(old);
    return 1;
}

void m6_features_finish(struct m6_features *f)
{
    while (evict(f))
        ;
}

int m6_features_has(const struct m6_features *f, struct m6_key key)
{
    return m6_keyed_find(&f->known, key) != NULL;
}

float *m6_features_find(struct m6_features *f, struct m6_key key)
{
    struct m6_keyed_item *item = m6_keyed_find(&f->known, key);
    *(item ? &f->hits : &f->misses) += 1;
    if (!item)
        return NULL;
    m6_keyed_hold(&f->known, item); /* the youngest again */
    m6_keyed_release(&f->known, item);
    return ((struct feature *)item)->data;
}

float *m6_features_make(struct m6_features *f, struct m6_key key, size_t floats)
{
    const size_t bytes = floats * sizeof(float);
    if (bytes > f->budget || m6_keyed_find(&f->known, key))
        return NULL;
    for (; f->known.weight + bytes > f->budget; f->evictions++)
        evict(f);
    struct feature *made = calloc(1, sizeof *made);
    float *data = f->backend->ops->alloc(f->backend, bytes);
    if (!made || !data) {
        free(made);
        if (data)
            f->backend->ops->free(f->backend, data);
        return NULL;
    }
    *made = (struct feature){.item = {.key = key, .weight = bytes}, .data = data};
    m6_keyed_add(&f->known, &made->item);
    m6_keyed_release(&f->known, &made->item);
    return data;
}
