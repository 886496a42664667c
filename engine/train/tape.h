/* A tape: records a computation over matrices, then runs it backwards to get gradients.
 *
 * A value is rows × cols, row-major; a picture batch is NHWC (n*h*w rows of c channels). Calls run at once and
 * return the index of their result; m6_tape_backward then walks the tape from its end. Everything between two
 * resets lives in one arena. The arithmetic comes from a struct m6_grad_ops, of which there are two: FP32 or BF16
 * products on a CPU's vector units, and a plain double-precision one that the others are tested against.
 *
 * Order of summation is fixed as in ops/ops.h, so that a run repeats bit by bit on any number of threads.
 */
#ifndef M6_TRAIN_TAPE_H
#define M6_TRAIN_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "core/pool.h"
#include "m6/status.h"
#include "ops/ops.h"

struct m6_tape;
typedef int m6_var;
enum { M6_NONE = -1 };

/* A trained matrix. Optimizers keep their state beside it. All arrays rows*cols long. */
struct m6_param {
    char name[96];
    int rows, cols;
    float *value;    /* FP32 master */
    float *grad;     /* summed over backward passes until cleared */
    float *state[2]; /* the optimizer's: AdamW's moments, or Adafactor's row and column factors */
    float lr_scale;  /* multiplies the learning rate; 0 freezes, and no gradient is computed */
    int decay;       /* weight decay applies (matrices, not norms, biases and embeddings) */
    double *value64, *grad64; /* only for tapes in double */
};

enum m6_tape_precision { M6_TAPE_F32, M6_TAPE_BF16, M6_TAPE_F64 };

struct m6_tape *m6_tape_create(enum m6_tape_precision precision, struct m6_pool *pool, const char *isa,
                               struct m6_error *err);
void m6_tape_destroy(struct m6_tape *);
void m6_tape_reset(struct m6_tape *); /* forgets all values, keeps the memory */
size_t m6_tape_bytes(const struct m6_tape *);
/* Products counted since creation, forward and backward: multiply and add are two. */
double m6_tape_flops(const struct m6_tape *);

int m6_tape_rows(const struct m6_tape *, m6_var);
int m6_tape_cols(const struct m6_tape *, m6_var);
/* M6_ERR_MEMORY once memory has run out: every var from there to the next reset is M6_NONE, every loss a NaN. A call that
 * is given M6_NONE where it needs a value gives M6_NONE. */
enum m6_status m6_tape_status(const struct m6_tape *);
/* Copies a value, or after backward its gradient, to floats. The walk reuses the memory of gradients that it has passed:
 * those of trained matrices stay, and those of values that keep_grad named before backward; others read as zeros. */
void m6_tape_read(const struct m6_tape *, m6_var, float *out);
void m6_tape_keep_grad(struct m6_tape *, m6_var);
void m6_tape_read_grad(const struct m6_tape *, m6_var, float *out);
/* The FP32 values themselves (not for F64 tapes). */
const float *m6_tape_data(const struct m6_tape *, m6_var);

/* ---- leaves ---- */
m6_var m6_tape_param(struct m6_tape *, struct m6_param *); /* the same param twice gives the same var */
m6_var m6_tape_input(struct m6_tape *, int rows, int cols, const float *data); /* copied; no gradient flows on */
m6_var m6_tape_detach(struct m6_tape *, m6_var x); /* the same values, no gradient */

/* ---- products ---- */
m6_var m6_tape_linear(struct m6_tape *, m6_var x, m6_var w, m6_var b); /* x·Wᵀ + b; w out × in; b 1 × out or M6_NONE */
m6_var m6_tape_conv3x3(struct m6_tape *, m6_var x, m6_var w, m6_var b, int n, int h, int width); /* w out × 9·in */
/* The same plus a residual of the result's shape, at no cost in memory traffic: cheaper than m6_tape_add after it. */
m6_var m6_tape_linear_add(struct m6_tape *, m6_var x, m6_var w, m6_var b, m6_var residual);
m6_var m6_tape_conv3x3_add(struct m6_tape *, m6_var x, m6_var w, m6_var b, m6_var residual, int n, int h, int width);

/* ---- rows and elements ---- */
m6_var m6_tape_add(struct m6_tape *, m6_var a, m6_var b);
m6_var m6_tape_scale(struct m6_tape *, m6_var x, float factor);
m6_var m6_tape_gelu(struct m6_tape *, m6_var x); /* tanh form */
m6_var m6_tape_layer_norm(struct m6_tape *, m6_var x, m6_var gain, m6_var bias, float eps);
m6_var m6_tape_reshape(struct m6_tape *, m6_var x, int rows, int cols); /* a view */
m6_var m6_tape_columns(struct m6_tape *, m6_var x, int first, int count);
/* Row r of the result is row id[r] of x, or zeros where id[r] < 0. Its gradient adds into x in row order. */
m6_var m6_tape_gather(struct m6_tape *, m6_var x, const int32_t *id, int rows);
m6_var m6_tape_concat(struct m6_tape *, const m6_var *x, int count); /* rows of all, in order */
m6_var m6_tape_space_to_depth(struct m6_tape *, m6_var x, int n, int h, int w, int block);
m6_var m6_tape_depth_to_space(struct m6_tape *, m6_var x, int n, int h, int w, int block);
m6_var m6_tape_mean_rows(struct m6_tape *, m6_var x, int group); /* each `group` rows become one */

/* ---- the M6 stack ---- */
/* A stretch of rows that attends to its ancestors and itself. Segments tile the rows in order; a parent comes before its
 * children. Not causal: every row sees every ancestor and the whole segment. Causal: of itself only rows up to its own. */
struct m6_segment {
    int first, rows;
    int parent; /* index of a segment, or -1 */
    int causal;
};
/* qkv: rows × 3·d (q, k, v side by side), heads of d/heads columns, scale 1/√(d/heads). */
m6_var m6_tape_attention(struct m6_tape *, m6_var qkv, int heads, const struct m6_segment *segment, int segments);

/* Sparse experts with prototyping (M6-T, arXiv 2105.15082): experts form `groups` equal groups; a row goes to the best of
 * each group, weighted by the softmax within the group; outputs add up. An expert takes at most capacity rows,
 * ceil(rows / (experts/groups) * capacity_factor), first come first served; 0 means no limit. */
struct m6_expert_report {
    int64_t routed, dropped;   /* row-expert pairs */
    double variation;          /* coefficient of variation of the rows an expert, mean over groups (c_v) */
};
m6_var m6_tape_experts(struct m6_tape *, m6_var x, m6_var router, const m6_var *up, const m6_var *up_bias, const m6_var *down,
                       const m6_var *down_bias, int experts, int groups, float capacity_factor,
                       struct m6_expert_report *report);

/* ---- finite scalar quantisation (FSQ, arXiv 2309.15505) ---- */
/* Columns are bounded by tanh to level[c] values each and rounded, the gradient passing straight through. code, if not NULL,
 * receives the mixed-radix index of each row, level[0] fastest. Values out are in [-1, 1]. With L levels, as in the paper's
 * appendix A.1:
 *     half = (L - 1)·(1 - 0.001) / 2, offset = L odd ? 0 : ½, shift = tan(offset / half)
 *     digit = round(half·tanh(x + shift) - offset) + ⌊L/2⌋    in 0 … L-1, ties to even
 *     value = (digit - ⌊L/2⌋) / ⌊L/2⌋                         which is all that decoding a code takes */
m6_var m6_tape_fsq(struct m6_tape *, m6_var x, const int *level, int32_t *code);

/* ---- losses: 1 × 1 values; several are added with m6_tape_add ---- */
/* Σ weight[r] · −log softmax(logits[r])[target[r]] / Σ weight; rows with target < 0 or weight 0 count nothing. weight may
 * be NULL (all 1). correct, if not NULL, receives Σ weight where the target was the most likely. */
m6_var m6_tape_cross_entropy(struct m6_tape *, m6_var logits, const int32_t *target, const float *weight, float label_smoothing,
                             double *correct);
/* Σ weight[r] · |x[r] − target[r]|² / (cols · Σ weight), and the same with absolute values. weight [rows] or NULL. */
m6_var m6_tape_squared_error(struct m6_tape *, m6_var x, const float *target, const float *weight);
m6_var m6_tape_absolute_error(struct m6_tape *, m6_var x, const float *target, const float *weight);
double m6_tape_scalar(const struct m6_tape *, m6_var);

/* Adds d loss / d param into every param's grad. */
void m6_tape_backward(struct m6_tape *, m6_var loss);

#endif
