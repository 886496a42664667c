/* A plugin for tests: its one kind does what its parameters say. Definitions from the build give it its flaws. */
#include "m6/plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef ABI
#define ABI M6_PLUGIN_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(struct m6_plugin)
#endif
#ifndef KIND_SIZE
#define KIND_SIZE sizeof(struct m6_plugin_kind)
#endif
#ifndef KIND
#define KIND "kind"
#endif
#ifndef SYMBOL
#define SYMBOL m6_plugin
#endif
#ifndef SCHEMA
#define SCHEMA \
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {" \
    "\"what\": {\"type\": \"string\", \"enum\": [\"echo\", \"wait\", \"fail\", \"silent\", \"frames\", \"model\"], \"default\": \"echo\"}," \
    "\"text\": {\"type\": \"string\", \"default\": \"none\"}," \
    "\"number\": {\"type\": \"number\", \"default\": 1.5}," \
    "\"seed\": {\"type\": \"integer\", \"default\": 7}," \
    "\"flag\": {\"type\": \"boolean\"}," \
    "\"list\": {\"type\": \"array\", \"items\": {\"type\": \"number\"}}}}"
#endif

/* What every parameter and input came as. */
static int echo(const struct m6_host_services *host, struct m6_job *job)
{
    double list[2] = {0, 0};
    char text[512];
    int n = host->param_list(job, "list", list, 2);
    snprintf(text, sizeof text, "text=%s number=%g seed=%" PRIu64 " flag=%d missing=%s list=%d,%g,%g inputs=%d,%s",
             host->param_string(job, "text", "?"), host->param_number(job, "number", 0),
             (uint64_t)host->param_integer(job, "seed", 0), (int)host->param_integer(job, "flag", -1),
             host->param_string(job, "missing", "absent"), n, list[0], list[1], host->inputs(job),
             host->inputs(job) ? host->input_name(job, 0) : "-");
    for (int i = 0; i <= 4; i++)
        host->progress(job, i, 4, "echoing");
    host->warn(job, "careful");
    host->warn(job, "careful");
    host->emit_text(job, text);
    host->emit_caption(job, 5, 9, "a caption");
    return 0;
}

static int look(const struct m6_host_services *host, struct m6_job *job)
{
    struct m6_frames *frames;
    struct m6_frames_params params = {.size = sizeof params, .max_width = 64, .max_height = 36};
    struct m6_frames_info info = {.size = sizeof info};
    struct m6_plugin_frame frame = {.size = sizeof frame};
    int got;
    if (host->frames_open(job, 0, &params, &frames))
        return -1;
    host->frames_info(frames, &info);
    while ((got = host->frames_next(frames, &frame)) > 0) {
        char text[64];
        snprintf(text, sizeof text, "%d %dx%d %d", info.still, info.width, info.height, frame.picture.rgb[0]);
        host->emit_caption(job, frame.start_ns, frame.end_ns, text);
        host->emit_picture(job, &frame.picture, NULL);
    }
    host->frames_close(frames);
    return got;
}

static int ask(const struct m6_host_services *host, struct m6_job *job)
{
    struct m6_answer *answer;
    const struct m6_plugin_request request = {.size = sizeof request, .task = M6_PLUGIN_DRAW, .text = "red"};
    return host->model_start(job, &request, &answer) ? -1 : (host->model_release(answer), 0);
}

static int run(const struct m6_host_services *host, struct m6_host *m6, struct m6_job *job)
{
    const char *what = host->param_string(job, "what", "echo");
    if (!strcmp(what, "wait")) {
        host->progress(job, 0, 1, "waiting");
        while (!host->cancelled(job))
            usleep(1000);
        return 0;
    }
    if (!strcmp(what, "fail"))
        return host->fail(job, host->param_string(job, "text", ""), "it failed as asked");
    if (!strcmp(what, "silent"))
        return -1;
    if (!strcmp(what, "frames"))
        return look(host, job);
    return !strcmp(what, "model") ? ask(host, job) : echo(host, job);
}

#ifdef INIT_FAILS
static int init(const struct m6_host_services *host, struct m6_host *m6, char *why, size_t why_size)
{
    snprintf(why, why_size, "it has no licence today");
    return -1;
}
#define INIT init
#else
#define INIT NULL
#endif

static const struct m6_plugin_kind kinds[] = {{KIND, "Does what it is told.", SCHEMA, run}};

extern const struct m6_plugin SYMBOL;
M6_PLUGIN_EXPORT const struct m6_plugin SYMBOL = {
    .abi = ABI,
    .size = SIZE,
    .name = NAME,
    .version = "1.2",
    .description = "For tests",
    .kinds = kinds,
    .kind_count = 1,
    .kind_size = KIND_SIZE,
    .init = INIT,
};
