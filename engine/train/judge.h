/* The judge: a small network that says what a frame shows, from its pixels alone. It shares no weight with M6 and
 * is trained and fixed before any drawing is looked at, so that drawings can be scored by it.
 *
 * Space to depth by 4 → linear → block; by 2 → linear → 2 blocks; by 2 → linear → learned positions → 3 blocks → LN →
 * linear → gelu → mean of all positions → LN → linear; and, since a mean forgets where things are, the same with means
 * of four upright strips, added. One softmax for each attribute of the source's label groups. Two subjects of a frame
 * have no order that pixels show: so subjects are told as, for each kind, the colour of the one that is there or
 * "absent", and likewise where it stands.
 */
#ifndef M6_TRAIN_JUDGE_H
#define M6_TRAIN_JUDGE_H

#include "train/data.h"
#include "train/param.h"
#include "train/recipe.h"
#include "train/tape.h"

enum { M6_JUDGE_GROUPS_MAX = 16, M6_JUDGE_OUTPUTS_MAX = 512 };

struct m6_judge_shape {
    int width, height, channels[3];
    int groups;
    struct m6_label_group group[M6_JUDGE_GROUPS_MAX];
    char name[M6_JUDGE_GROUPS_MAX][32]; /* what group[i].name points to after a load */
};
int m6_judge_outputs(const struct m6_judge_shape *);
/* What a recipe and its data ask for. */
void m6_judge_shape_of(struct m6_judge_shape *, const struct m6_recipe *, const struct m6_source *);

/* ---- the graph ---- */
enum m6_status m6_judge_params(struct m6_params *, const struct m6_judge_shape *, uint64_t seed, struct m6_error *err);
/* pixels: n·(height/4)·(width/4) rows of 4·4·3 values in [-1, 1]; gives n rows of m6_judge_outputs logits. */
m6_var m6_judge_graph(struct m6_tape *, const struct m6_params *, const struct m6_judge_shape *, m6_var pixels, int n);
/* Softmax over each attribute's classes, in place. */
void m6_judge_softmax(const struct m6_judge_shape *, float *logits);

/* How one group fared: of the attributes that are present, how many were found (are among as many likeliest ones as there
 * are), and how many have the right class among the present classes. */
struct m6_judge_tally {
    int right, all, found;
};
/* A frame's groups: label is the truth, p the probabilities of every class. */
void m6_judge_count(struct m6_judge_tally *, const struct m6_judge_shape *, const int *label, const float *p);
/* As metrics: the prefix, and each group's name, "found", "mean". */
struct m6_metrics;
void m6_judge_report(const struct m6_judge_tally *, const struct m6_judge_shape *, const char *prefix,
                     struct m6_metrics *);

/* ---- training ---- */
/* Degrades a frame as reconstruction and compression do: blur, noise, blocks, small shifts of colour. */
void m6_judge_augment(uint8_t *rgb, int width, int height, uint64_t key);

/* ---- use ---- */
struct m6_judge;
/* path: judge.safetensors, as m6-train export writes it. Threads: one caller at a time. */
enum m6_status m6_judge_load(struct m6_judge **out, const char *path, int threads, struct m6_error *err);
/* The judge that a recipe names; it must suit the recipe's pictures and the data's labels. */
enum m6_status m6_judge_load_for(struct m6_judge **out, const struct m6_recipe *, const struct m6_source *,
                                 struct m6_error *err);
void m6_judge_destroy(struct m6_judge *);
const struct m6_judge_shape *m6_judge_shape(const struct m6_judge *);

struct m6_verdict {
    int label[M6_LABELS_MAX]; /* the likeliest class of each attribute, in the groups' order */
    float probability[M6_JUDGE_OUTPUTS_MAX]; /* of every class of every attribute, side by side */
};
/* n frames of the judge's width × height, packed RGB. */
enum m6_status m6_judge_score(struct m6_judge *, const uint8_t *rgb, int n, struct m6_verdict *, struct m6_error *err);

/* Judges n frames and counts what it says of them into tally[groups]. */
enum m6_status m6_judge_frames(struct m6_judge *, const struct m6_example *truth, const uint8_t *rgb, int n,
                               struct m6_judge_tally *, struct m6_error *err);

/* Writes params (as trained) for m6_judge_load. */
enum m6_status m6_judge_write(const struct m6_params *, const struct m6_judge_shape *, const char *path,
                              struct m6_error *err);

#endif
