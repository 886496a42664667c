/* Plugin "caption": says what footage or a picture shows, and answers questions about it. */
#include <math.h>
#include <stdlib.h>

#include "caption.h"

#define STRETCH \
    "\"start\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1000000, \"description\": \"seconds; look from here\"}," \
    "\"end\": {\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1000000, \"description\": \"seconds; look until here\"},"
#define SAMPLING \
    "\"seed\": {\"type\": \"integer\", \"default\": 0}," \
    "\"temperature\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 2, \"default\": 0, \"description\": \"0: the likeliest words\"}"

static const char caption_schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "\"every\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 86400,"
    "  \"description\": \"a caption each so many seconds; 0: each frame; default 2\"},"
    "\"on\": {\"type\": \"string\", \"enum\": [\"scene\"], \"description\": \"a caption a scene instead\"},"
    "\"threshold\": {\"type\": \"number\", \"exclusiveMinimum\": 0, \"maximum\": 1, \"description\": \"how much scenes differ; default 0.06\"},"
    "\"lang\": {\"type\": \"string\", \"enum\": [\"en\", \"zh\"], \"default\": \"en\"},"
    "\"clip\": {\"type\": \"boolean\", \"default\": true, \"description\": \"look at up to 4 frames of a video, so that motion is told\"},"
    "\"merge\": {\"type\": \"boolean\", \"default\": false, \"description\": \"neighbours with the same text become one\"}," STRETCH SAMPLING "}}";

static const char ask_schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"question\"], \"properties\": {"
    "\"question\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2000}," STRETCH SAMPLING "}}";

int caption_frames_max(const struct m6_host_services *host, struct m6_job *job)
{
    const char *most = host->model_info(job, "frames_max");
    int n = most ? atoi(most) : 1;
    return n < 1 ? 1 : n > CLIP_FRAMES ? CLIP_FRAMES : n;
}

void caption_stretch(const struct m6_host_services *host, struct m6_job *job, struct m6_frames_params *frames)
{
    frames->start_ns = llround(host->param_number(job, "start", 0) * 1e9);
    frames->end_ns = llround(host->param_number(job, "end", 0) * 1e9);
}

static const struct m6_plugin_kind kinds[] = {
    {"caption", "Says what a video or a picture shows, with exact times.", caption_schema, caption_run},
    {"ask", "Answers a question about a video or a picture.", ask_schema, ask_run},
};

extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI,
    .size = sizeof(struct m6_plugin),
    .name = "caption",
    .version = "1.0",
    .description = "Captions and answers from footage and pictures",
    .kinds = kinds,
    .kind_count = 2,
    .kind_size = sizeof(struct m6_plugin_kind),
};
