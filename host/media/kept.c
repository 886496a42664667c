#include "kept.h"

#include <stdlib.h>
#include <string.h>

int media_kept_init(struct media_kept *k, int room)
{
    memset(k, 0, sizeof *k);
    k->picture = calloc((size_t)room, sizeof *k->picture);
    k->room = room;
    k->stride = 1;
    return k->picture ? 0 : -1;
}

void media_kept_finish(struct media_kept *k)
{
    for (int i = 0; i < k->count; i++)
        free(k->picture[i].rgb);
    free(k->picture);
    memset(k, 0, sizeof *k);
}

static void thin(struct media_kept *k)
{
    int kept = 0;
    for (int i = 0; i < k->count; i++)
        if (i % 2)
            free(k->picture[i].rgb);
        else
            k->picture[kept++] = k->picture[i];
    k->count = kept;
    k->stride *= 2;
}

struct media_kept_picture *media_kept_offer(struct media_kept *k, int64_t time_ns, int width, int height, int *failed)
{
    *failed = 0;
    if (k->count && ++k->skipped < k->stride)
        return NULL;
    k->skipped = 0;
    if (k->count == k->room)
        thin(k);
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    if (!rgb) {
        *failed = 1;
        return NULL;
    }
    struct media_kept_picture *p = &k->picture[k->count++];
    *p = (struct media_kept_picture){time_ns, width, height, rgb};
    return p;
}

void media_kept_withdraw(struct media_kept *k)
{
    free(k->picture[--k->count].rgb);
}

int media_kept_choose(const struct media_kept *k, int64_t from_ns, int64_t to_ns, int count, struct m6_plugin_picture *out)
{
    int first = 0, end = k->count;
    while (first < end && k->picture[first].time_ns < from_ns)
        first++;
    while (end > first && k->picture[end - 1].time_ns >= to_ns)
        end--;
    /* Nothing that late or early: the nearest there is. */
    if (first == end) {
        if (!k->count)
            return 0;
        first = first < k->count ? first : k->count - 1;
        end = first + 1;
    }
    int n = end - first < count ? end - first : count;
    for (int i = 0, at = first; i < n; i++) {
        int64_t a = k->picture[first].time_ns, b = k->picture[end - 1].time_ns;
        int64_t wanted = n == 1 ? a + (b - a) / 2 : a + (b - a) * i / (n - 1);
        /* The frame nearest to the wanted time that leaves enough for the rest. */
        while (at + 1 <= end - (n - i) && llabs(k->picture[at + 1].time_ns - wanted) <= llabs(k->picture[at].time_ns - wanted))
            at++;
        const struct media_kept_picture *p = &k->picture[at++];
        out[i] = (struct m6_plugin_picture){p->width, p->height, (size_t)p->width * 3, p->rgb};
    }
    return n;
}

void media_kept_forget(struct media_kept *k, int64_t time_ns)
{
    int drop = 0;
    while (drop < k->count && k->picture[drop].time_ns < time_ns)
        free(k->picture[drop++].rgb);
    k->count -= drop;
    memmove(k->picture, k->picture + drop, (size_t)k->count * sizeof *k->picture);
    k->stride = 1;
    k->skipped = 0;
}
