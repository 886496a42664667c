#include "caption.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Requests under way: while the model looks at one, the next frames are decoded. */
enum { UNDER_WAY = 4 };

struct pending {
    struct m6_answer *answer;
    int64_t start_ns, end_ns;
};

struct captioning {
    const struct m6_host_services *host;
    struct m6_job *job;
    struct m6_frames *frames;
    struct m6_frames_info info;
    int64_t from_ns, length_ns; /* for the progress */

    struct pending pending[UNDER_WAY]; /* oldest first */
    int pending_count;

    int merge;
    char *held; /* a caption that its neighbour may extend; NULL: none */
    int64_t held_start, held_end;
};

static void release_held(struct captioning *c)
{
    if (c->held)
        c->host->emit_caption(c->job, c->held_start, c->held_end, c->held);
    free(c->held);
    c->held = NULL;
}

static void deliver(struct captioning *c, const struct pending *p, const char *text)
{
    if (!c->merge) {
        c->host->emit_caption(c->job, p->start_ns, p->end_ns, text);
        return;
    }
    if (c->held && c->held_end == p->start_ns && !strcmp(c->held, text)) {
        c->held_end = p->end_ns;
        return;
    }
    release_held(c);
    c->held = strdup(text);
    c->held_start = p->start_ns;
    c->held_end = p->end_ns;
    if (!c->held)
        c->host->emit_caption(c->job, p->start_ns, p->end_ns, text);
}

/* Waits for the oldest request. */
static int finish_oldest(struct captioning *c)
{
    struct pending p = c->pending[0];
    struct m6_plugin_result result = {.size = sizeof result};
    memmove(c->pending, c->pending + 1, (size_t)--c->pending_count * sizeof *c->pending);
    int failed = c->host->model_wait(p.answer, &result);
    if (!failed) {
        deliver(c, &p, result.text);
        if (c->length_ns > 0)
            c->host->progress(c->job, fmin((double)(p.end_ns - c->from_ns) / 1e9, (double)c->length_ns / 1e9), (double)c->length_ns / 1e9,
                              "captioning");
    }
    c->host->model_release(p.answer);
    return failed;
}

static int caption_frame(struct captioning *c, const struct m6_plugin_frame *frame)
{
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_CAPTION,
        .pictures = frame->picture_count > 1 ? frame->pictures : &frame->picture,
        .picture_count = frame->picture_count > 1 ? frame->picture_count : 1,
        .lang = c->host->param_string(c->job, "lang", "en"),
        .seed = (uint64_t)c->host->param_integer(c->job, "seed", 0),
        .temperature = (float)c->host->param_number(c->job, "temperature", 0),
    };
    if (c->pending_count == UNDER_WAY && finish_oldest(c))
        return -1;
    struct pending *p = &c->pending[c->pending_count];
    if (c->host->model_start(c->job, &request, &p->answer))
        return -1;
    p->start_ns = frame->start_ns;
    p->end_ns = frame->end_ns;
    c->pending_count++;
    return 0;
}

static int caption_all(struct captioning *c)
{
    struct m6_plugin_frame frame = {.size = sizeof frame};
    int got;
    while ((got = c->host->frames_next(c->frames, &frame)) > 0)
        if (c->host->cancelled(c->job) || caption_frame(c, &frame))
            return -1;
    while (!got && c->pending_count)
        got = finish_oldest(c);
    return got;
}

static int open_frames(struct captioning *c)
{
    const struct m6_host_services *host = c->host;
    struct m6_frames_params params = {.size = sizeof params, .mode = M6_FRAMES_EVERY};
    double every = host->param_number(c->job, "every", -1);
    if (host->inputs(c->job) != 1)
        return host->fail(c->job, "argument", "captioning takes one video or picture; give it one");
    if (host->param_string(c->job, "on", NULL)) {
        if (every >= 0)
            return host->fail(c->job, "argument", "\"every\" and \"on\" are two ways to cut; give one of them");
        params.mode = M6_FRAMES_ON_SCENE;
        params.scene_threshold = host->param_number(c->job, "threshold", 0);
    }
    params.interval_ns = llround((every < 0 ? 2 : every) * 1e9);
    /* So short that it would round to each frame. */
    if (every > 0 && params.interval_ns < 1000000)
        return host->fail(c->job, "argument", "\"every\" is less than a millisecond; give more, or 0 for each frame");
    params.count = host->param_integer(c->job, "clip", 1) ? caption_frames_max(host, c->job) : 1;
    caption_stretch(host, c->job, &params);
    if (host->frames_open(c->job, 0, &params, &c->frames))
        return -1;
    c->info.size = sizeof c->info;
    host->frames_info(c->frames, &c->info);
    c->from_ns = params.start_ns;
    c->length_ns = (params.end_ns && params.end_ns < c->info.duration_ns ? params.end_ns : c->info.duration_ns) - params.start_ns;
    return 0;
}

int caption_run(const struct m6_host_services *host, struct m6_host *m6, struct m6_job *job)
{
    struct captioning c = {.host = host, .job = job, .merge = host->param_integer(job, "merge", 0) != 0};
    int failed = open_frames(&c);
    if (!failed)
        failed = caption_all(&c);
    /* What was understood before a failure is not lost. */
    while (c.pending_count) {
        struct pending *p = &c.pending[--c.pending_count];
        host->model_release(p->answer);
    }
    release_held(&c);
    if (c.frames)
        host->frames_close(c.frames);
    return failed;
}
