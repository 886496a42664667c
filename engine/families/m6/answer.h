/* One request in flight: what it was given, what it has decided, where it is in the cache. */
#ifndef M6_FAMILIES_M6_ANSWER_H
#define M6_FAMILIES_M6_ANSWER_H

#include "families/m6/transformer.h"
#include "text/stream.h"

enum m6_part_state { M6_PART_TO_DO, M6_PART_PLANNED, M6_PART_DONE };

/* A segment of the source: a picture or a text, forwarded at once, or found where someone else's was. */
struct m6_part {
    int branch, rows;
    const uint8_t *rgb;    /* a picture; else NULL */
    int frame;
    const int32_t *token;  /* a text */
    struct m6_key content; /* of the picture alone */
    struct m6_key key;     /* of all that its rows depend on */
    struct m6_prefix_segment *shared; /* held; NULL: the pages are its own, or it has none yet */
    int32_t *page;
    int pages;
    enum m6_part_state state;
};

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
    struct m6_part part[M6_FRAMES_MAX + 2];
    int parts, prompted; /* those before the `prompted`th are planned or done */
    int32_t *memory;     /* of slots and pages */

    struct {
        int32_t *token; /* <bos>, the prefix, what was decided */
        int count, fed, given, max; /* given: <bos> and prefix; max: count at which it ends */
        int row;                    /* the last one's, if a choice hangs on it */
        int choice;                 /* in the lane; -1: not all is fed yet */
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
        int encoded;         /* whether the codes of what is kept are known */
        int choosing;        /* whether this step decides anything */
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
/* Gives the cache back; what was decided stays. The engine's thread. */
void m6_answer_suspend(struct m6_answer *);

/* ---- parts.c: the source as segments that requests share ---- */
/* Cuts the source into parts, names them by their content, and makes room for the lists of slots and pages. */
enum m6_status m6_parts_init(struct m6_answer *, struct m6_error *);
int m6_parts_pages(const struct m6_answer *); /* of all */
int m6_parts_need(const struct m6_answer *);  /* of all that nobody holds */
/* Passes those that are in the cache already. */
void m6_parts_find(struct m6_answer *);
/* What was planned has been forwarded: others may find it. */
void m6_parts_settle(struct m6_answer *);
void m6_parts_release(struct m6_answer *);

/* ---- prompt.c: parts into rows ---- */
int m6_prompt_done(const struct m6_answer *);
/* The cost of the next part. */
int m6_prompt_cost(const struct m6_answer *);
/* As in the family's table; 0 too when nothing is left. */
int m6_prompt_plan(struct m6_answer *, struct m6_lane *, int room);

/* ---- text.c ---- */
int m6_text_pages(const struct m6_answer *, int longest); /* of the target: as it is, or as long as it may get */
int m6_text_plan(struct m6_answer *, struct m6_lane *, int room);
enum m6_status m6_text_take(struct m6_answer *, struct m6_lane *, const struct m6_sink *, int *done, struct m6_error *);

/* ---- draw.c, progressive.c ---- */
int m6_draw_pages(const struct m6_answer *, int longest);
int m6_draw_cost(struct m6_answer *);
int m6_draw_plan(struct m6_answer *, struct m6_lane *, int room);
void m6_draw_take(struct m6_answer *, struct m6_lane *, const struct m6_sink *, int *done);
int m6_progressive_plan(struct m6_answer *, struct m6_lane *, int room);
void m6_progressive_take(struct m6_answer *);

#endif
