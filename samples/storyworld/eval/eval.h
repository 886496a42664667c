/* m6-eval: measures a model on storyworld scenes that it was never trained on.
 *
 * Scene i of a run depends on the suite's seed, the split and i alone. Every figure is a share from 0 to 1 of the cases in
 * which an attribute was right; a caption that does not state an attribute has it wrong.
 */
#ifndef STORYWORLD_EVAL_H
#define STORYWORLD_EVAL_H

#include <signal.h>

#include <cjson/cJSON.h>

#include "m6/engine.h"
#include "storyworld.h"

enum { EVAL_SUBJECT, EVAL_COLOUR, EVAL_PLACE, EVAL_TIME, EVAL_WEATHER, EVAL_SHOT, EVAL_MOTION, EVAL_ATTRIBUTES };

/* Right and total counts of each attribute. */
struct eval_tally {
    long right[EVAL_ATTRIBUTES], total[EVAL_ATTRIBUTES];
};
void eval_tally_add(struct eval_tally *, int attribute, int right);
/* {"mean": …, "subject": …, …}: the mean is over the attributes that were counted. */
cJSON *eval_tally_json(const struct eval_tally *);

struct m6_host;
struct eval_run {
    struct m6_host *host; /* its plugins draw and write, as they do for m6 draw and m6 write */
    struct m6_engine *engine;
    enum sw_split split;
    int count;
    uint64_t seed;
    const char *dump;        /* folder, or NULL */
    const char *judge;       /* a judge.safetensors */
    const char *model;       /* folder */
    int threads;
    float guidance, temperature, top_p; /* of drawings; negative: the plugin's own */
    int best;                           /* of so many drawings; 0: one */
    int steps;                          /* of progressive ones; 0: the plugin's own */
    int verbatim;                       /* drawings are of the prompt as it is */
    int quiet;
    volatile sig_atomic_t *interrupted;
};

/* Scene i: stills and clips are drawn from different streams. */
void eval_scene(const struct eval_run *, int i, int clip, struct sw_scene *);
/* Draws scene i at the model's size: 1 picture, or SW_CLIP_FRAMES for a clip. NULL when out of memory. Caller frees. */
uint8_t *eval_frames(const struct sw_scene *, int clip, uint8_t *mask);

/* One request to the engine, waited for. text: SW_SCRIPT_MAX bytes. */
enum m6_status eval_request(const struct eval_run *, struct m6_request_params *, char *text, struct m6_error *);
/* One job of the host, waited for; params is taken over. */
struct m6_job;
struct m6_job_event;
enum m6_status eval_job(const struct eval_run *, const char *kind, cJSON *params,
                        void (*event)(void *, struct m6_job *, const struct m6_job_event *), void *arg, struct m6_error *);

/* Leaves text or a picture in the dump folder, if there is one, as NAME with scene number i. */
enum m6_status eval_dump_text(const struct eval_run *, int i, const char *name, const char *text, struct m6_error *);
enum m6_status eval_dump_picture(const struct eval_run *, int i, const char *name, const uint8_t *rgb, struct m6_error *);
/* All scenes and their true frames. */
enum m6_status eval_dump_scenes(const struct eval_run *, struct m6_error *);
void eval_progress(const struct eval_run *, const char *what, int done, int total);

/* Each adds its part to the report, or says why it could not. */
enum m6_status eval_captions(const struct eval_run *, cJSON *report, struct m6_error *);
enum m6_status eval_questions(const struct eval_run *, cJSON *report, struct m6_error *);
enum m6_status eval_drawings(const struct eval_run *, cJSON *report, struct m6_error *);
enum m6_status eval_scripts(const struct eval_run *, cJSON *report, struct m6_error *);
enum m6_status eval_tokenizer(const struct eval_run *, cJSON *report, struct m6_error *);

#endif
