/* What M6's training keeps between steps; shared by its step (m6_job.c), its evaluation (m6_eval.c) and the release. */
#ifndef M6_TRAIN_M6_JOB_H
#define M6_TRAIN_M6_JOB_H

#include "train/judge.h"
#include "train/m6.h"
#include "train/trainer.h"

struct m6_job_state {
    struct m6_tokenizer *tokenizer;
    struct m6_tasks tasks;
    struct m6_params *image; /* the frozen image tokenizer; NULL if nothing is drawn */
    struct m6_batch batch;
    int linked; /* layers share weights for now */
    struct m6_example *still, *clip;
    struct m6_script_example *script;
    uint8_t *rgb, *mask; /* stills, then the frames of clips */
    float *pixel, *share;
    int32_t *grid, *code;
    struct m6_judge *judge; /* or NULL */
};

/* Fills the batch with the examples of a step (from 0) of a split. */
enum m6_status m6_job_batch(struct m6_trainer *, enum m6_split, int64_t number, struct m6_error *err);
/* Resets the tape and puts the batch through the stack. */
m6_var m6_job_forward(struct m6_trainer *, float capacity, struct m6_stack_report *);
/* Draws n pictures from prompts; code receives [n][places][slots]. */
enum m6_status m6_draw(struct m6_trainer *, const char *const *prompt, int n, int steps, float guidance, uint64_t seed,
                       int32_t *code, struct m6_error *err);
/* Draws held-out prompts, writes them under the true frames into sheet.png, and has them judged. */
enum m6_status m6_draw_evaluate(struct m6_trainer *, struct m6_metrics *, struct m6_error *err);
enum m6_status m6_job_evaluate(struct m6_trainer *, struct m6_metrics *, struct m6_error *err);

#endif
