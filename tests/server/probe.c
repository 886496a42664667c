/* A plugin whose jobs need no model: they do what the tests of the server want to see. */
#include <m6/plugin.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct m6_host_services *m6;

/* Says its text, and the seed as an unsigned number. */
static int echo(const struct m6_host_services *s, struct m6_host *host, struct m6_job *job)
{
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)s->param_integer(job, "seed", 0));
    s->emit_text(job, s->param_string(job, "text", ""));
    s->emit_text(job, seed);
    return 0;
}

/* A caption a frame with the sum of its samples; a group says how many pictures it has. */
static int sum(const struct m6_host_services *s, struct m6_host *host, struct m6_job *job)
{
    for (int i = 0; i < s->inputs(job); i++) {
        struct m6_frames_params params = {.size = sizeof params, .interval_ns = (int64_t)(s->param_number(job, "every", 2) * 1e9), .count = 64};
        struct m6_plugin_frame frame = {.size = sizeof frame};
        struct m6_frames *frames;
        int got;
        if (s->frames_open(job, i, &params, &frames))
            return -1;
        while ((got = s->frames_next(frames, &frame)) > 0) {
            unsigned long long total = 0;
            char text[64];
            for (int p = 0; p < frame.picture_count; p++)
                for (int y = 0; y < frame.pictures[p].height; y++)
                    for (int x = 0; x < frame.pictures[p].width * 3; x++)
                        total += frame.pictures[p].rgb[(size_t)y * frame.pictures[p].stride + (size_t)x];
            snprintf(text, sizeof text, "%d %llu", frame.picture_count, total);
            s->emit_caption(job, frame.start_ns, frame.end_ns, text);
        }
        s->frames_close(frames);
        if (got < 0)
            return -1;
    }
    return 0;
}

/* "count" pictures of 256x256, each of one grey; and as many texts. */
static int flood(const struct m6_host_services *s, struct m6_host *host, struct m6_job *job)
{
    static uint8_t rgb[256 * 256 * 3];
    const struct m6_plugin_picture picture = {256, 256, 256 * 3, rgb};
    const char *const metadata[] = {"seed", "7", NULL};
    const int64_t count = s->param_integer(job, "count", 1);
    for (int64_t i = 0; i < count && !s->cancelled(job); i++) {
        s->progress(job, (double)i, (double)count, "flooding");
        s->emit_text(job, "drop ");
        if (s->param_integer(job, "pictures", 0))
            s->emit_picture(job, &picture, metadata);
    }
    return 0;
}

/* Runs until it is cancelled, or for "ms". */
static int wait_(const struct m6_host_services *s, struct m6_host *host, struct m6_job *job)
{
    const int64_t ms = s->param_integer(job, "ms", 1000000);
    s->progress(job, 0, 1, "waiting");
    for (int64_t i = 0; i < ms && !s->cancelled(job); i++)
        usleep(1000);
    return 0;
}

static int refuse(const struct m6_host_services *s, struct m6_host *host, struct m6_job *job)
{
    s->emit_text(job, "bad \xff bytes");
    return s->fail(job, "input", "it was \xfe not to be");
}

#define OBJECT(properties) "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {" properties "}}"
static const struct m6_plugin_kind kinds[] = {
    {"probe-echo", "echoes", OBJECT("\"text\": {\"type\": \"string\"}, \"seed\": {\"type\": \"integer\"}"), echo},
    {"probe-sum", "sums", OBJECT("\"every\": {\"type\": \"number\", \"minimum\": 0}"), sum},
    {"probe-flood", "floods", OBJECT("\"count\": {\"type\": \"integer\"}, \"pictures\": {\"type\": \"boolean\"}"), flood},
    {"probe-wait", "waits", OBJECT("\"ms\": {\"type\": \"integer\"}"), wait_},
    {"probe-refuse", "fails", OBJECT(""), refuse},
};

static int init(const struct m6_host_services *services, struct m6_host *host, char *why, size_t size)
{
    m6 = services;
    return m6 ? 0 : -1;
}

M6_PLUGIN_EXPORT extern const struct m6_plugin m6_plugin;
const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI, .size = sizeof m6_plugin, .name = "probe", .version = "1.0", .description = "For tests.",
    .kinds = kinds, .kind_count = sizeof kinds / sizeof *kinds, .kind_size = sizeof kinds[0], .init = init,
};
