#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

/* Candidates under way at once: enough for the host to batch, few enough to hold. A caption that goes on past the second is lost
 * in itself, and would be too long a prompt in the end. */
enum { UNDER_WAY = 4, CAPTION_TOKENS = 200 };
/* The schema's defaults. */
static const double default_guidance = 2.5, default_temperature = 0.9, default_top_p = 0.9;

struct drawing {
    const struct m6_host_services *host;
    struct m6_job *job;
    struct input input;
    int n, best;
    uint64_t seed;
    int width, height; /* of what comes out; 0: as it is drawn */
    int rewrites;      /* prompts are drawn as the captions that they mean */
    int finished;      /* candidates, of n·best */
};

struct candidate {
    struct drawing *drawing;
    uint64_t seed;
    char *caption; /* what the prompt is taken to mean, or NULL */
    struct m6_answer *answer;
};

static int out_of_memory(struct drawing *d)
{
    return d->host->fail(d->job, "failed", "there is no memory for the picture; ask for a smaller one");
}

static int on_progress(void *arg, const char *text, int done, int total)
{
    const struct candidate *c = arg;
    struct drawing *d = c->drawing;
    if (total > 0)
        d->host->progress(d->job, d->finished + (double)done / total, (double)d->n * d->best, "drawing");
    return 0;
}

/* What it leaves open is sampled, so that pictures of different seeds differ; what it says is hardly ever lost. */
static int rewrite(struct drawing *d, struct candidate *c)
{
    const struct m6_host_services *host = d->host;
    struct m6_plugin_result result = {.size = sizeof result};
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_REWRITE,
        .text = host->param_string(d->job, "prompt", ""),
        .max_tokens = CAPTION_TOKENS,
        .seed = c->seed,
        .temperature = 0.8f,
        .top_p = 0.9f,
    };
    if (host->model_start(d->job, &request, &c->answer))
        return -1;
    int failed = host->model_wait(c->answer, &result);
    if (!failed && result.text && result.text[0] && !(c->caption = strdup(result.text)))
        failed = out_of_memory(d);
    host->model_release(c->answer);
    c->answer = NULL;
    return failed;
}

static int start(struct drawing *d, struct candidate *c, uint64_t seed)
{
    const struct m6_host_services *host = d->host;
    *c = (struct candidate){.drawing = d, .seed = seed};
    if (d->rewrites && rewrite(d, c))
        return -1;
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_DRAW,
        .text = c->caption ? c->caption : host->param_string(d->job, "prompt", ""),
        .seed = seed,
        .temperature = (float)host->param_number(d->job, "temperature", default_temperature),
        .top_k = (int)host->param_integer(d->job, "top_k", 0),
        .top_p = (float)host->param_number(d->job, "top_p", default_top_p),
        .guidance = (float)host->param_number(d->job, "guidance", default_guidance),
        .progressive = !strcmp(host->param_string(d->job, "mode", "progressive"), "progressive"),
        .steps = (int)host->param_integer(d->job, "steps", 0),
        .image = d->input.frames ? &d->input.picture : NULL,
        .keep = d->input.keep,
        .keep_count = d->input.keep_count,
        .progress = on_progress,
        .arg = c,
    };
    return host->model_start(d->job, &request, &c->answer);
}

/* How well a picture and the prompt belong together, by the model itself. */
static int score(struct drawing *d, const struct image *image, double *out)
{
    struct m6_answer *answer;
    struct m6_plugin_result result = {.size = sizeof result};
    struct m6_plugin_picture picture = image_picture(image);
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_MATCH,
        .pictures = &picture,
        .picture_count = 1,
        .text = d->host->param_string(d->job, "prompt", ""),
    };
    if (d->host->model_start(d->job, &request, &answer))
        return -1;
    int failed = d->host->model_wait(answer, &result);
    *out = result.score;
    d->host->model_release(answer);
    return failed;
}

/* What came of a candidate. */
struct outcome {
    struct image image;
    uint64_t seed;
    char *caption; /* or NULL */
    double match;
};

static void outcome_finish(struct outcome *o)
{
    image_finish(&o->image);
    free(o->caption);
}

/* Takes what a candidate drew, and scores it when it has rivals. */
static int finish(struct drawing *d, struct candidate *c, struct outcome *o)
{
    struct m6_plugin_result result = {.size = sizeof result};
    int failed = d->host->model_wait(c->answer, &result);
    if (!failed && !result.picture.rgb)
        failed = d->host->fail(d->job, "model", "the model drew nothing; choose a model that draws");
    if (!failed && image_copy(&o->image, &result.picture))
        failed = out_of_memory(d);
    d->host->model_release(c->answer);
    c->answer = NULL;
    free(o->caption);
    o->caption = c->caption;
    c->caption = NULL;
    o->seed = c->seed;
    if (!failed && d->best > 1)
        failed = score(d, &o->image, &o->match);
    d->finished++;
    return failed;
}

static int emit(struct drawing *d, const struct outcome *o)
{
    const struct m6_host_services *host = d->host;
    struct image scaled = {0, 0, NULL};
    struct m6_plugin_picture picture = image_picture(&o->image);
    char seed[24], cfg[24], steps[16], temperature[24], top_k[16], top_p[24], match[24];
    if (d->width && (d->width != o->image.width || d->height != o->image.height)) {
        if (image_resize(&picture, d->width, d->height, &scaled))
            return out_of_memory(d);
        picture = image_picture(&scaled);
    }
    const char *model = host->model_info(d->job, "name"), *software = host->model_info(d->job, "software");
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    snprintf(cfg, sizeof cfg, "%g", host->param_number(d->job, "guidance", default_guidance));
    snprintf(steps, sizeof steps, "%d", (int)host->param_integer(d->job, "steps", 0));
    snprintf(temperature, sizeof temperature, "%g", host->param_number(d->job, "temperature", default_temperature));
    snprintf(top_k, sizeof top_k, "%d", (int)host->param_integer(d->job, "top_k", 0));
    snprintf(top_p, sizeof top_p, "%g", host->param_number(d->job, "top_p", default_top_p));
    snprintf(match, sizeof match, "%.4f", o->match);
    enum { TOLD = 10, MORE = 2 }; /* pairs: always, and now and then */
    const char *metadata[2 * (TOLD + MORE + 1)] = {
        "prompt", host->param_string(d->job, "prompt", ""),
        "seed", seed,
        "model", model ? model : "",
        "mode", host->param_string(d->job, "mode", "progressive"),
        "cfg", cfg,
        "steps", steps,
        "temperature", temperature,
        "top_k", top_k,
        "top_p", top_p,
        "software", software ? software : "M6",
    };
    int count = 0;
    while (metadata[count])
        count += 2;
    if (o->caption) {
        metadata[count++] = "caption";
        metadata[count++] = o->caption;
    }
    if (d->best > 1) {
        metadata[count++] = "match";
        metadata[count++] = match;
    }
    host->emit_picture(d->job, &picture, metadata);
    image_finish(&scaled);
    return 0;
}

/* One picture: the best of its candidates, the first of equals. */
static int draw_one(struct drawing *d, uint64_t seed)
{
    struct candidate under_way[UNDER_WAY];
    struct outcome best = {.match = -1}, next = {.match = 0};
    int started = 0, finished = 0, failed = 0;
    while (!failed && finished < d->best) {
        while (!failed && started < d->best && started - finished < UNDER_WAY) {
            failed = start(d, &under_way[started % UNDER_WAY], seed + (uint64_t)started);
            started++;
        }
        struct candidate *c = &under_way[finished % UNDER_WAY];
        if (failed || (failed = d->host->cancelled(d->job) ? -1 : finish(d, c, &next)))
            break;
        if (!finished++ || next.match > best.match) {
            struct outcome other = best;
            best = next;
            next = other;
        }
    }
    for (int i = finished; i < started; i++) {
        struct candidate *c = &under_way[i % UNDER_WAY];
        if (c->answer)
            d->host->model_release(c->answer);
        free(c->caption);
    }
    if (!failed)
        failed = emit(d, &best);
    outcome_finish(&best);
    outcome_finish(&next);
    return failed;
}

/* One side given: the other follows from the model's own shape. */
static int read_size(struct drawing *d)
{
    const char *width = d->host->model_info(d->job, "picture_width"), *digits = width;
    int own_width = digits ? atoi(digits) : 0;
    const char *height = digits ? d->host->model_info(d->job, "picture_height") : NULL;
    int own_height = height ? atoi(height) : 0;
    if (own_width < 1 || own_height < 1)
        return d->host->fail(d->job, "model", "the model does not say how large its pictures are");
    d->width = (int)d->host->param_integer(d->job, "width", 0);
    d->height = (int)d->host->param_integer(d->job, "height", 0);
    if (d->width && !d->height)
        d->height = (int)(((int64_t)d->width * own_height + own_width / 2) / own_width);
    else if (d->height && !d->width)
        d->width = (int)(((int64_t)d->height * own_width + own_height / 2) / own_height);
    d->height += d->width && !d->height;
    d->width += d->height && !d->width;
    return 0;
}

int draw_run(const struct m6_host_services *host, struct m6_host *m6, struct m6_job *job)
{
    struct drawing d = {.host = host, .job = job};
    d.n = (int)host->param_integer(job, "n", 1);
    d.best = (int)host->param_integer(job, "best", 1);
    d.seed = (uint64_t)host->param_integer(job, "seed", 0);
    const char *draws = host->model_info(job, "draws");
    if (draws && !strcmp(draws, "0"))
        return host->fail(job, "model", "this model does not draw; choose one that does, such as m6-mini");
    int failed = !draws || read_size(&d) ? -1 : input_open(host, job, &d.input);
    const char *rewrites = host->model_info(job, "rewrites");
    d.rewrites = rewrites && !strcmp(rewrites, "1") && !d.input.keep_count && !host->param_integer(job, "verbatim", 0);
    for (int i = 0; i < d.n && !failed; i++)
        failed = host->cancelled(job) ? -1 : draw_one(&d, d.seed + (uint64_t)i * (uint64_t)d.best);
    input_close(host, &d.input);
    return failed;
}
