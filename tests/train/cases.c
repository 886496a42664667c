#include "cases.h"

#include <stdlib.h>
#include <string.h>

float case_noise(uint64_t i, uint64_t salt)
{
    uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u + salt * 0xd1342543de82ef95u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)((double)(z >> 11) * 0x1p-52 - 1);
}

static float *noise(int64_t n, uint64_t salt)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = case_noise((uint64_t)i, salt);
    return x;
}

/* Turns any value into a scalar whose gradient is different everywhere. */
static m6_var to_loss(struct m6_tape *t, m6_var y)
{
    float *target = noise((int64_t)m6_tape_rows(t, y) * m6_tape_cols(t, y), 77);
    const m6_var loss = m6_tape_squared_error(t, y, target, NULL);
    free(target);
    return loss;
}

static void shape(struct case_shape *s, int i, int rows, int cols)
{
    s[i] = (struct case_shape){rows, cols};
}

static int pick(int size, int small, int large)
{
    return size == 1 ? small : large;
}

/* ---- products ---- */

static void linear_shapes(struct case_shape *s, int size)
{
    shape(s, 0, pick(size, 5, 400), pick(size, 7, 96));
    shape(s, 1, pick(size, 6, 130), pick(size, 7, 96));
    shape(s, 2, 1, pick(size, 6, 130));
    shape(s, 3, pick(size, 5, 400), pick(size, 6, 130));
}

static m6_var linear(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_linear(t, p[0], p[1], p[2]));
}

static m6_var linear_plain(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_linear(t, p[0], p[1], M6_NONE));
}

static m6_var linear_add(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_linear_add(t, p[0], p[1], p[2], p[3]));
}

/* One value used three times: gradients have to add up. */
static void shared_shapes(struct case_shape *s, int size)
{
    shape(s, 0, pick(size, 5, 300), pick(size, 8, 80));
    shape(s, 1, pick(size, 8, 80), pick(size, 8, 80));
    shape(s, 2, 1, pick(size, 8, 80));
}

static m6_var shared(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_gelu(t, p[0]);
    const m6_var y = m6_tape_linear_add(t, x, p[1], p[2], x);
    const m6_var z = m6_tape_linear_add(t, y, p[1], p[2], m6_tape_layer_norm(t, y, p[2], p[2], 1e-3f));
    return m6_tape_add(t, to_loss(t, m6_tape_add(t, z, z)), m6_tape_scale(t, to_loss(t, x), 0.5f));
}

static void conv_shapes(struct case_shape *s, int size)
{
    const int in = pick(size, 3, 20), out = pick(size, 4, 36);
    shape(s, 0, 2 * pick(size, 3 * 4, 12 * 17), in);
    shape(s, 1, out, 9 * in);
    shape(s, 2, 1, out);
    shape(s, 3, 2 * pick(size, 3 * 4, 12 * 17), out);
}

static m6_var conv(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_conv3x3(t, p[0], p[1], p[2], 2, pick(size, 3, 12), pick(size, 4, 17)));
}

static m6_var conv_add(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_scale(t, p[0], 1.5f);
    return to_loss(t, m6_tape_conv3x3_add(t, x, p[1], M6_NONE, p[3], 2, pick(size, 3, 12), pick(size, 4, 17)));
}

/* ---- rows and elements ---- */

static void two_shapes(struct case_shape *s, int size)
{
    shape(s, 0, pick(size, 6, 700), pick(size, 8, 100));
    shape(s, 1, pick(size, 6, 700), pick(size, 8, 100));
    shape(s, 2, 1, pick(size, 8, 100));
    shape(s, 3, 1, pick(size, 8, 100));
}

static m6_var add(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_add(t, p[0], m6_tape_scale(t, p[1], -0.7f)));
}

static m6_var gelu(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_gelu(t, m6_tape_scale(t, p[0], 4.0f)));
}

static m6_var layer_norm(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_layer_norm(t, p[0], p[2], p[3], 1e-5f));
}

static m6_var reshape(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_gelu(t, p[0]);
    const m6_var y = m6_tape_reshape(t, x, m6_tape_rows(t, x) / 2, m6_tape_cols(t, x) * 2);
    return m6_tape_add(t, to_loss(t, m6_tape_gelu(t, y)), to_loss(t, x));
}

static m6_var columns(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_gelu(t, p[0]);
    const m6_var a = m6_tape_columns(t, x, 1, 3), b = m6_tape_columns(t, x, 2, 5);
    return m6_tape_add(t, to_loss(t, a), to_loss(t, b));
}

static m6_var gather(struct m6_tape *t, const m6_var *p, int size)
{
    const int rows = m6_tape_rows(t, p[0]), n = 3 * rows / 2;
    int32_t *id = malloc((size_t)n * sizeof *id);
    for (int i = 0; i < n; i++)
        id[i] = i % 5 == 4 ? -1 : i * 7 % rows;
    const m6_var loss = to_loss(t, m6_tape_gather(t, p[0], id, n));
    const m6_var again = to_loss(t, m6_tape_gather(t, m6_tape_gelu(t, p[1]), id, n));
    free(id);
    return m6_tape_add(t, loss, again);
}

static m6_var concat(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var list[] = {p[2], p[0], m6_tape_gelu(t, p[1]), p[0]};
    return to_loss(t, m6_tape_concat(t, list, 4));
}

static m6_var detach(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_gelu(t, p[0]);
    return to_loss(t, m6_tape_add(t, x, m6_tape_detach(t, p[1])));
}

static void picture_shapes(struct case_shape *s, int size)
{
    shape(s, 0, 2 * pick(size, 4 * 6, 36 * 64), pick(size, 3, 12));
}

static m6_var space_to_depth(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_space_to_depth(t, m6_tape_gelu(t, p[0]), 2, pick(size, 4, 36), pick(size, 6, 64), 2));
}

static void deep_shapes(struct case_shape *s, int size)
{
    shape(s, 0, 2 * pick(size, 2 * 3, 18 * 32), pick(size, 12, 48));
}

static m6_var depth_to_space(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_depth_to_space(t, m6_tape_gelu(t, p[0]), 2, pick(size, 2, 18), pick(size, 3, 32), 2));
}

static m6_var mean_rows(struct m6_tape *t, const m6_var *p, int size)
{
    return to_loss(t, m6_tape_mean_rows(t, m6_tape_gelu(t, p[0]), pick(size, 3, 35)));
}

/* ---- the stack ---- */

/* Two trees, woven into one another: A, B, A's two children, B's child, and one of A's grandchildren. */
static void forest(struct m6_segment *s, int unit)
{
    static const int rows[] = {3, 2, 4, 1, 3, 5}, parent[] = {-1, -1, 0, 0, 1, 2}, causal[] = {0, 1, 0, 1, 0, 1};
    int first = 0;
    for (int i = 0; i < 6; i++) {
        s[i] = (struct m6_segment){.first = first, .rows = rows[i] * unit, .parent = parent[i], .causal = causal[i]};
        first += rows[i] * unit;
    }
}

static void attention_shapes(struct case_shape *s, int size)
{
    shape(s, 0, 18 * pick(size, 1, 21), 3 * pick(size, 8, 128));
}

static m6_var attention(struct m6_tape *t, const m6_var *p, int size)
{
    struct m6_segment s[6];
    forest(s, pick(size, 1, 21));
    return to_loss(t, m6_tape_attention(t, m6_tape_scale(t, p[0], 2.0f), 2, s, 6));
}

static void experts_shapes(struct case_shape *s, int size)
{
    const int d = pick(size, 6, 48), ffn = pick(size, 5, 96);
    shape(s, 0, pick(size, 10, 500), d);
    shape(s, 1, 4, d);
    for (int i = 0; i < 4; i++) {
        shape(s, 2 + 2 * i, ffn, d);
        shape(s, 3 + 2 * i, d, ffn);
    }
    shape(s, 10, 1, ffn);
    shape(s, 11, 1, d);
}

static m6_var experts_with(struct m6_tape *t, const m6_var *p, int groups, float capacity)
{
    const m6_var up[] = {p[2], p[4], p[6], p[8]}, down[] = {p[3], p[5], p[7], p[9]};
    const m6_var up_bias[] = {p[10], p[10], p[10], p[10]}, down_bias[] = {p[11], p[11], p[11], p[11]};
    struct m6_expert_report report;
    const m6_var x = m6_tape_scale(t, p[0], 2.0f);
    return to_loss(t, m6_tape_add(t, x, m6_tape_experts(t, x, p[1], up, up_bias, down, down_bias, 4, groups, capacity,
                                                        &report)));
}

static m6_var experts(struct m6_tape *t, const m6_var *p, int size)
{
    return experts_with(t, p, 2, 0);
}

static m6_var experts_capacity(struct m6_tape *t, const m6_var *p, int size)
{
    return experts_with(t, p, 2, 0.8f);
}

/* ---- quantisation and losses ---- */

static void fsq_shapes(struct case_shape *s, int size)
{
    shape(s, 0, pick(size, 9, 1500), 4);
    shape(s, 1, 5, 4);
}

static m6_var fsq(struct m6_tape *t, const m6_var *p, int size)
{
    static const int level[] = {8, 5, 2, 3};
    return to_loss(t, m6_tape_linear(t, m6_tape_fsq(t, m6_tape_scale(t, p[0], 2.0f), level, NULL), p[1], M6_NONE));
}

static m6_var entropy_with(struct m6_tape *t, m6_var x, int weighted, float smoothing)
{
    const int rows = m6_tape_rows(t, x), cols = m6_tape_cols(t, x);
    int32_t *target = malloc((size_t)rows * sizeof *target);
    float *weight = malloc((size_t)rows * sizeof *weight);
    for (int i = 0; i < rows; i++) {
        target[i] = i % 4 == 3 ? -1 : i * 5 % cols;
        weight[i] = i % 5 == 2 ? 0.0f : 0.5f + 0.1f * (float)(i % 7);
    }
    double correct;
    const m6_var loss = m6_tape_cross_entropy(t, x, target, weighted ? weight : NULL, smoothing, &correct);
    free(target);
    free(weight);
    return loss;
}

static m6_var cross_entropy(struct m6_tape *t, const m6_var *p, int size)
{
    const m6_var x = m6_tape_scale(t, p[0], 3.0f);
    return m6_tape_add(t, entropy_with(t, x, 0, 0), entropy_with(t, x, 1, 0.1f));
}

static m6_var errors(struct m6_tape *t, const m6_var *p, int size)
{
    const int rows = m6_tape_rows(t, p[0]);
    float *target = noise((int64_t)rows * m6_tape_cols(t, p[0]), 5), *weight = noise(rows, 6);
    for (int i = 0; i < rows; i++)
        weight[i] = weight[i] < -0.5f ? 0 : weight[i] + 0.6f;
    const m6_var a = m6_tape_squared_error(t, p[0], target, weight), b = m6_tape_absolute_error(t, p[0], target, weight);
    const m6_var c = m6_tape_scale(t, m6_tape_absolute_error(t, p[1], target, NULL), -0.3f);
    free(target);
    free(weight);
    return m6_tape_add(t, a, m6_tape_add(t, b, c));
}

const struct grad_case grad_cases[] = {
    {"linear", linear_shapes, linear, 1e-5f, 2e-2f, 1},
    {"linear_plain", linear_shapes, linear_plain, 1e-5f, 2e-2f, 1},
    {"linear_add", linear_shapes, linear_add, 1e-5f, 2e-2f, 1},
    {"shared", shared_shapes, shared, 2e-5f, 2e-2f, 1},
    {"conv3x3", conv_shapes, conv, 1e-5f, 2e-2f, 1},
    {"conv3x3_add", conv_shapes, conv_add, 1e-5f, 2e-2f, 1},
    {"add", two_shapes, add, 1e-5f, 1e-5f, 1},
    {"gelu", two_shapes, gelu, 1e-5f, 1e-5f, 1},
    {"layer_norm", two_shapes, layer_norm, 1e-5f, 1e-5f, 1},
    {"reshape", two_shapes, reshape, 1e-5f, 1e-5f, 1},
    {"columns", two_shapes, columns, 1e-5f, 1e-5f, 1},
    {"gather", two_shapes, gather, 1e-5f, 1e-5f, 1},
    {"concat", two_shapes, concat, 1e-5f, 1e-5f, 1},
    {"detach", two_shapes, detach, 1e-5f, 1e-5f, 0},
    {"space_to_depth", picture_shapes, space_to_depth, 1e-5f, 1e-5f, 1},
    {"depth_to_space", deep_shapes, depth_to_space, 1e-5f, 1e-5f, 1},
    {"mean_rows", two_shapes, mean_rows, 1e-5f, 1e-5f, 1},
    {"attention", attention_shapes, attention, 2e-5f, 2e-2f, 1},
    {"experts", experts_shapes, experts, 2e-5f, 2e-2f, 1},
    {"experts_capacity", experts_shapes, experts_capacity, 2e-5f, 2e-2f, 1},
    {"fsq", fsq_shapes, fsq, 1e-5f, 2e-2f, 0},
    {"cross_entropy", two_shapes, cross_entropy, 1e-5f, 1e-5f, 1},
    {"errors", two_shapes, errors, 1e-5f, 1e-5f, 1},
};
const int grad_case_count = (int)(sizeof grad_cases / sizeof grad_cases[0]);

struct m6_params *case_params(const struct grad_case *c, int size)
{
    struct case_shape list[CASE_PARAMS] = {{0, 0}};
    struct m6_params *params = m6_params_create();
    c->shapes(list, size);
    for (int i = 0; i < CASE_PARAMS && list[i].rows; i++) {
        char name[8] = {'p', (char)('a' + i)};
        if (!m6_params_add(params, name, list[i].rows, list[i].cols, 0.1f, 0.5f, 3))
            abort();
    }
    m6_params_double(params);
    return params;
}

double case_run(struct m6_tape *t, const struct grad_case *c, struct m6_params *params, int size, int backward)
{
    m6_var p[CASE_PARAMS];
    m6_tape_reset(t);
    for (int i = 0; i < m6_params_count(params); i++)
        p[i] = m6_tape_param(t, m6_params_at(params, i));
    const m6_var loss = c->build(t, p, size);
    if (backward)
        m6_tape_backward(t, loss);
    return m6_tape_scalar(t, loss);
}
