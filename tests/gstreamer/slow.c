/* Captions and answers without a model, as slow as a file says, about what can be checked: the language, how many pictures, their mean
 * colour, their stretch. The file (M6_SLOW) holds milliseconds a caption, and what to append to each text; "hold" instead of the first
 * keeps captions back until it says something else. */
#include <m6/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 65536 };

static void read_orders(char *first, size_t size, char *more, size_t more_size)
{
    const char *path = getenv("M6_SLOW");
    FILE *f = path ? fopen(path, "r") : NULL;
    snprintf(first, size, "0");
    more[0] = '\0';
    if (!f)
        return;
    if (fgets(first, (int)size, f))
        first[strcspn(first, "\n")] = '\0';
    more[fread(more, 1, more_size - 1, f)] = '\0';
    fclose(f);
}

static void mean(const struct m6_plugin_picture *p, unsigned *rgb)
{
    unsigned long long sum[3] = {0};
    for (int y = 0; y < p->height; y++)
        for (int x = 0; x < p->width * 3; x++)
            sum[x % 3] += p->rgb[(size_t)y * p->stride + (size_t)x];
    for (int i = 0; i < 3; i++)
        rgb[i] = (unsigned)(sum[i] / ((unsigned long long)p->width * (unsigned)p->height));
}

static int say(const struct m6_host_services *m6, struct m6_job *job, const char *head, int asks)
{
    static _Thread_local char more[TEXT_MAX], text[TEXT_MAX + 256];
    char first[32];
    unsigned rgb[3];
    struct m6_frames *frames;
    const struct m6_frames_params params = {.size = sizeof params, .interval_ns = 2000000000, .count = 4};
    struct m6_plugin_frame frame = {.size = sizeof frame};
    if (m6->frames_open(job, 0, &params, &frames))
        return -1;
    const int got = m6->frames_next(frames, &frame);
    for (;;) {
        read_orders(first, sizeof first, more, sizeof more);
        if (strcmp(first, "hold") != 0 || m6->cancelled(job))
            break;
        usleep(2000);
    }
    if (got > 0 && !strcmp(first, "refuse")) {
        m6->frames_close(frames);
        return m6->fail(job, "model", "the model does not want to");
    }
    usleep((useconds_t)atoi(first) * 1000);
    if (got > 0) {
        mean(&frame.pictures[0], rgb);
        snprintf(text, sizeof text, "%s n=%d rgb=%u,%u,%u size=%dx%d at=%lld%s", head, frame.picture_count, rgb[0], rgb[1], rgb[2], frame.picture.width,
                 frame.picture.height, (long long)(frame.start_ns / 1000000), more);
        if (asks)
            m6->emit_text(job, text);
        else
            m6->emit_caption(job, frame.start_ns, frame.end_ns, text);
    }
    m6->frames_close(frames);
    return got < 0 ? -1 : 0;
}

static int caption(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    return say(m6, job, m6->param_string(job, "lang", "?"), 0);
}

static int ask(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    return say(m6, job, m6->param_string(job, "question", "?"), 1);
}

static const struct m6_plugin_kind kinds[] = {
    {"caption", "captions", "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"lang\": {\"type\": \"string\"},"
                            "\"clip\": {\"type\": \"boolean\"}, \"seed\": {\"type\": \"integer\"}}}", caption},
    {"ask", "answers", "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"question\": {\"type\": \"string\"},"
                       "\"seed\": {\"type\": \"integer\"}}}", ask},
};

M6_PLUGIN_EXPORT extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI,
    .size = sizeof(struct m6_plugin),
    .name = "slow",
    .version = "1.0",
    .description = "Captions at a pace",
    .kinds = kinds,
    .kind_count = 2,
    .kind_size = sizeof(struct m6_plugin_kind),
};
