/* A plugin to begin yours with: says for each stretch of a video whether it is night. docs/plugins.md goes through it.
 *
 *   cmake -B build -DCMAKE_PREFIX_PATH=PREFIX && cmake --build build
 *   M6_PLUGIN_PATH=PREFIX/lib/m6/plugins:build m6 run is-it-night clip.mp4 -p every=2
 */
#include <m6/plugin.h>

#include <stdio.h>

static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "\"question\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 200, \"default\": \"Is it night?\"},"
    "\"every\": {\"type\": \"number\", \"minimum\": 0.1, \"maximum\": 3600, \"default\": 1, \"description\": \"seconds\"},"
    "\"seed\": {\"type\": \"integer\", \"default\": 0}}}";

/* Asks the model about one frame, and gives its answer out as a caption. */
static int look(const struct m6_host_services *m6, struct m6_job *job, const struct m6_plugin_frame *frame)
{
    struct m6_plugin_request request = {
        .size = sizeof request,
        .task = M6_PLUGIN_ASK,
        .pictures = &frame->picture,
        .picture_count = 1,
        .text = m6->param_string(job, "question", ""),
        .seed = (uint64_t)m6->param_integer(job, "seed", 0),
    };
    struct m6_plugin_result result = {.size = sizeof result};
    struct m6_answer *answer;
    if (m6->model_start(job, &request, &answer))
        return -1;
    const int failed = m6->model_wait(answer, &result);
    if (!failed)
        m6->emit_caption(job, frame->start_ns, frame->end_ns, result.text);
    m6->model_release(answer); /* result.text is gone from here on */
    return failed;
}

/* All frames of one open input. */
static int look_at_all(const struct m6_host_services *m6, struct m6_job *job, struct m6_frames *frames)
{
    struct m6_frames_info info = {.size = sizeof info};
    struct m6_plugin_frame frame = {.size = sizeof frame};
    int got;
    m6->frames_info(frames, &info);
    while ((got = m6->frames_next(frames, &frame)) > 0) {
        if (m6->cancelled(job))
            return -1; /* any value will do */
        if (look(m6, job, &frame))
            return -1; /* the host knows why */
        m6->progress(job, (double)frame.end_ns, (double)info.duration_ns, "looking");
    }
    return got;
}

static int run(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    struct m6_frames_params params = {
        .size = sizeof params,
        .mode = M6_FRAMES_EVERY,
        .interval_ns = (int64_t)(m6->param_number(job, "every", 1) * 1e9),
    };
    struct m6_frames *frames;
    if (m6->inputs(job) != 1)
        return m6->fail(job, "argument", "it looks at one video or picture; give it one");
    if (m6->frames_open(job, 0, &params, &frames))
        return -1;
    const int failed = look_at_all(m6, job, frames);
    m6->frames_close(frames);
    return failed;
}

/* Once in each process that holds the plugin, before anything is run. May be left out. */
static int init(const struct m6_host_services *m6, struct m6_host *host, char *why, size_t why_size)
{
    if (m6->size >= sizeof *m6)
        return 0;
    snprintf(why, why_size, "it needs a newer M6");
    return -1;
}

static const struct m6_plugin_kind kinds[] = {
    {.name = "is-it-night", .description = "Says for each stretch of a video whether it is night.", .schema = schema, .run = run},
};

/* The one symbol that the host looks for. */
extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI,
    .size = sizeof(struct m6_plugin),
    .name = "night",
    .version = "1.0",
    .description = "Whether it is night",
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof *kinds,
    .kind_size = sizeof kinds[0],
    .init = init,
};
