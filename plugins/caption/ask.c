#include <string.h>

#include "caption.h"

struct asking {
    const struct m6_host_services *host;
    struct m6_job *job;
};

static int on_text(void *arg, const char *text, int done, int total)
{
    struct asking *a = arg;
    if (text)
        a->host->emit_text(a->job, text);
    return 0;
}

static int ask(struct asking *a, const struct m6_plugin_frame *frame)
{
    struct m6_answer *answer;
    struct m6_plugin_result result = {.size = sizeof result};
    const struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_ASK,
        .pictures = frame->pictures,
        .picture_count = frame->picture_count,
        .text = a->host->param_string(a->job, "question", ""),
        .seed = (uint64_t)a->host->param_integer(a->job, "seed", 0),
        .temperature = (float)a->host->param_number(a->job, "temperature", 0),
        .progress = on_text,
        .arg = a,
    };
    if (a->host->model_start(a->job, &request, &answer))
        return -1;
    int failed = a->host->model_wait(answer, &result);
    a->host->model_release(answer);
    return failed;
}

int ask_run(const struct m6_host_services *host, struct m6_host *m6, struct m6_job *job)
{
    struct asking a = {host, job};
    struct m6_frames *frames;
    struct m6_frames_params params = {.size = sizeof params, .mode = M6_FRAMES_SPREAD};
    struct m6_plugin_frame frame = {.size = sizeof frame};
    if (host->inputs(job) != 1)
        return host->fail(job, "argument", "a question is asked about one video or picture; give it one");
    params.count = caption_frames_max(host, job);
    caption_stretch(host, job, &params);
    if (host->frames_open(job, 0, &params, &frames))
        return -1;
    int got = host->frames_next(frames, &frame);
    int failed = got < 0 ? got : got == 0 ? host->fail(job, "input", "there is no picture in the stretch that was asked about") : ask(&a, &frame);
    host->frames_close(frames);
    return failed;
}
