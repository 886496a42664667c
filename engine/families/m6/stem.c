/* The stem: a picture's pixels to the stack's patches. */
#include <string.h>

#include "families/m6/transformer.h"
#include "image/resize.h"

void m6_pictures_upload(struct m6_lane *lane, const uint8_t *const *rgb, int n)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const int values = c->width * c->height * 3;
    float *const *plane = lane->scratch.plane;
    for (int i = 0; i < n; i++) {
        m6_bytes_to_values(lane->scratch.host, rgb[i], values);
        t->ops->upload(t->backend, plane[0] + (size_t)i * (size_t)values, lane->scratch.host, (size_t)values * sizeof(float));
    }
    t->ops->space_to_depth(t->backend, m6_mat_of(plane[1], n * (values / 48), 48), m6_mat_of(plane[0], n * (values / 3), 3),
                           n, c->height, c->width, 4);
}

void m6_conv_block_run(struct m6_lane *lane, const struct m6_conv_block *b, int n, int h, int w, int channels)
{
    struct m6_transformer *t = lane->model;
    float *const *plane = lane->scratch.plane;
    const struct m6_mat x = m6_mat_of(plane[0], n * h * w, channels), norm = m6_mat_of(plane[1], x.rows, channels),
                        a = m6_mat_of(plane[2], x.rows, channels);
    const struct m6_epilogue first = {.bias = b->a.b, .act = M6_ACT_GELU};
    const struct m6_epilogue second = {.bias = b->b.b, .act = M6_ACT_NONE, .residual = x.data};
    m6_gains_run(t, norm, x, &b->ln);
    t->ops->conv3x3(t->backend, a, norm, &b->a.w, n, h, w, &first);
    t->ops->conv3x3(t->backend, x, a, &b->b.w, n, h, w, &second);
    m6_lane_pause(lane);
}

/* The patches of n pictures, normalised, in plane 2. */
static struct m6_mat run_stages(struct m6_lane *lane, const uint8_t *const *rgb, int n)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_weights *w = &t->weights;
    float *const *plane = lane->scratch.plane;
    const int patches = n * m6_config_patches(c), last = c->stem[M6_STAGES - 1];
    struct m6_mat x = {0};
    m6_pictures_upload(lane, rgb, n);
    for (int i = 0; i < M6_STAGES; i++) {
        const int height = c->height >> (2 + i), width = c->width >> (2 + i);
        const struct m6_mat deep = m6_mat_of(plane[1], n * height * width, i ? 4 * x.cols : 48);
        if (i)
            t->ops->space_to_depth(t->backend, deep, x, n, 2 * height, 2 * width, 2);
        x = m6_mat_of(plane[0], deep.rows, c->stem[i]);
        m6_affine_run(t, x, deep, &w->stem.in[i], M6_ACT_NONE, NULL);
        m6_conv_block_run(lane, &w->stem.block[i], n, height, width, c->stem[i]);
    }
    const struct m6_mat rows = m6_mat_of(plane[1], x.rows, last);
    const struct m6_mat patch = m6_mat_of(plane[1], patches, 6 * last), norm = m6_mat_of(plane[2], patches, 6 * last);
    t->ops->embed(t->backend, rows, plane[0], lane->scratch.patch_order, 0);
    m6_gains_run(t, norm, patch, &w->stem.ln);
    return norm;
}

static void add(struct m6_lane *lane, int picture, float *patches)
{
    struct m6_transformer *t = lane->model;
    const int d = t->config.d_model, count = m6_config_patches(&t->config);
    const struct m6_mat to = m6_mat_of(lane->scratch.x + (size_t)lane->rows.picture[picture].row * (size_t)d, count, d);
    t->ops->add(t->backend, to, to, m6_mat_of(patches, count, d));
}

static void compute(struct m6_lane *lane, const int *picture, int n)
{
    struct m6_transformer *t = lane->model;
    const int d = t->config.d_model, patches = m6_config_patches(&t->config);
    const uint8_t *rgb[M6_STEM_TOGETHER];
    for (int i = 0; i < n; i++)
        rgb[i] = lane->rows.picture[picture[i]].rgb;
    const struct m6_mat norm = run_stages(lane, rgb, n);
    for (int i = 0; i < n; i++) {
        float *to = m6_features_make(&t->features, lane->rows.picture[picture[i]].content, (size_t)patches * (size_t)d);
        if (!to)
            to = lane->scratch.plane[0];
        const struct m6_mat of = m6_mat_of(norm.data + (size_t)(i * patches) * (size_t)norm.cols, patches, norm.cols);
        m6_affine_run(t, m6_mat_of(to, patches, d), of, &t->weights.stem.out, M6_ACT_NONE, NULL);
        add(lane, picture[i], to);
    }
}

static int same_content(const struct m6_lane *lane, int a, int b)
{
    return memcmp(&lane->rows.picture[a].content, &lane->rows.picture[b].content, sizeof(struct m6_key)) == 0;
}

/* Known or not, alone or together, the same additions in the same order. One that is in the step twice is computed once. */
void m6_stem_run(struct m6_lane *lane)
{
    struct m6_transformer *t = lane->model;
    int fresh[M6_STEM_TOGETHER], count = 0;
    for (int i = 0; i < lane->rows.pictures; i++) {
        int twin = 0;
        for (int j = 0; j < count; j++)
            twin |= same_content(lane, fresh[j], i);
        if (twin || count == M6_STEM_TOGETHER) {
            compute(lane, fresh, count);
            count = 0;
        }
        float *known = m6_features_find(&t->features, lane->rows.picture[i].content);
        if (known)
            add(lane, i, known);
        else
            fresh[count++] = i;
    }
    if (count)
        compute(lane, fresh, count);
}
