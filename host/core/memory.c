#include "core/memory.h"

#include <stdlib.h>

struct m6_memory {
    const struct m6_memory_input *input;
    int each; /* frames come on their own */
    int at;   /* the next one; with !each: whether the stretch was given */
    int count;
    struct m6_plugin_picture pictures[M6_FRAMES_COUNT_MAX];
};

/* `count` of them, the first and the last among them. */
static void spread(struct m6_memory *m, int count)
{
    const int all = m->input->count;
    if (count > M6_FRAMES_COUNT_MAX)
        count = M6_FRAMES_COUNT_MAX;
    m->count = count < all ? count : all;
    for (int i = 0; i < m->count; i++)
        m->pictures[i] = m->input->frames[m->count > 1 ? (i * (all - 1) + (m->count - 1) / 2) / (m->count - 1) : all / 2].picture;
}

enum m6_status m6_memory_open(const struct m6_memory_input *input, const struct m6_frames_params *params, struct m6_memory **out,
                              struct m6_error *err)
{
    *out = NULL;
    if (input->count < 1)
        return m6_fail(err, M6_ERR_ARGUMENT, "an input has no frames; give at least one");
    struct m6_memory *m = calloc(1, sizeof *m);
    if (!m)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for frames");
    m->input = input;
    m->each = params->mode == M6_FRAMES_EVERY && !params->interval_ns;
    if (!m->each)
        spread(m, params->count > 0 ? params->count : 1);
    *out = m;
    return M6_OK;
}

void m6_memory_info(const struct m6_memory *m, struct m6_frames_info *info)
{
    const struct m6_memory_frame *first = m->input->frames, *last = first + m->input->count - 1;
    info->still = m->input->count == 1 && last->end_ns <= first->start_ns;
    info->width = first->picture.width;
    info->height = first->picture.height;
    info->duration_ns = last->end_ns > first->start_ns ? last->end_ns - first->start_ns : 0;
}

int m6_memory_next(struct m6_memory *m, struct m6_plugin_frame *frame)
{
    const struct m6_memory_frame *f = m->input->frames;
    if (m->at >= (m->each ? m->input->count : 1))
        return 0;
    const int i = m->at++;
    if (m->each) {
        frame->picture = f[i].picture;
        frame->pictures = &f[i].picture;
        frame->picture_count = 1;
        frame->start_ns = f[i].start_ns;
        frame->end_ns = f[i].end_ns;
        frame->scene = i;
        return 1;
    }
    frame->picture = m->pictures[m->count / 2];
    frame->pictures = m->pictures;
    frame->picture_count = m->count;
    frame->start_ns = f[0].start_ns;
    frame->end_ns = f[m->input->count - 1].end_ns;
    return 1;
}

void m6_memory_close(struct m6_memory *m)
{
    free(m);
}
