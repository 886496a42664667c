/* One request in flight: what it was given, what it has decided, where it is in the cache. */
#ifndef M6_FAMILIES_M6_ANSWER_H
#define M6_FAMILIES_M6_ANSWER_H

#include "families/m6/transformer.h"
#include "text/stream.h"

struct m6_answer {
    struct m6_sequence base;
    enum m6_task task;
    struct m6_sample how; /* temperature, top_k, top_p, seed */
    char *warning;        /* told when it starts; NULL: none */

    uint8_t *pictures; /* [picture_count][height][width][3] */
    int picture_count;
    int32_t *source; /* task, tokens, <eos> */
    int source_count;
    int32_t bare[2]; /* the source without a text: guidance's other row */

    struct m6_branch branch[2]; /* the second: without the prompt */
    int branches;
    int32_t *slots;
    int slot_count, holds_slots;
    int prefilled;

    struct {
        int32_t *token; /* <bos>, the prefix, what was decided */
        int count, fed, given, max; /* given: <bos> and prefix; max: count at which it ends */
        int row;                    /* the last one's */
        struct m6_stream stream;
    } text;

    struct {
        enum m6_draw_mode mode;
        float guidance; /* 1: none */
        int steps, step;
        int32_t *code;  /* [places][slots] */
        uint8_t *known; /* [places] */
        int wanted, decided; /* places that were not kept; those of them that are known */
        int fed;             /* left to right: rows in the cache */
        uint8_t *image;      /* what to keep comes from here; in the end the rest of it is drawn over */
        uint8_t *result;     /* what the codes stand for */
        uint8_t *keep;       /* [places], and how many of them: */
        int kept;
        int prompt[2];       /* rows before the places, a branch */
        int first[2];        /* row of the first place of this step, a branch */
        int32_t *row[2];     /* rows of places to decide */
        int32_t *place;
        uint64_t *position;
        double *sure;
        int32_t *drawn;      /* [places][slots] */
    } draw;
};

static inline struct m6_transformer *m6_answer_transformer(const struct m6_answer *a)
{
    return (struct m6_transformer *)a->base.model;
}

/* ---- open.c: any thread ---- */
enum m6_status m6_answer_open(struct m6_sequence **, struct m6_model *, const struct m6_request_params *,
                              struct m6_error *);
void m6_answer_close(struct m6_sequence *);

/* ---- prompt.c: pictures and texts into rows ---- */
/* Rows and segments of the prompts of all branches, if they are yet to come. */
int m6_prompt_rows(const struct m6_answer *);
void m6_prompt_plan(struct m6_answer *);

/* ---- text.c ---- */
int m6_text_plan(struct m6_answer *);
enum m6_status m6_text_take(struct m6_answer *, const struct m6_sink *, int *done, struct m6_error *);

/* ---- draw.c, progressive.c ---- */
enum m6_status m6_draw_start(struct m6_answer *);
int m6_draw_plan(struct m6_answer *);
enum m6_status m6_draw_take(struct m6_answer *, const struct m6_sink *, int *done, struct m6_error *);
int m6_progressive_plan(struct m6_answer *);
void m6_progressive_take(struct m6_answer *);

#endif
