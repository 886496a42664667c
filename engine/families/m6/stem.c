/* The stem: a picture's pixels to the stack's patches. */
#include "families/m6/transformer.h"
#include "image/resize.h"

void m6_picture_upload(struct m6_lane *lane, const uint8_t *rgb)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const int values = c->width * c->height * 3;
    float *const *plane = lane->scratch.plane;
    m6_bytes_to_values(lane->scratch.host, rgb, values);
    t->ops->upload(t->backend, plane[0], lane->scratch.host, (size_t)values * sizeof(float));
    t->ops->space_to_depth(t->backend, m6_mat_of(plane[1], values / 48, 48), m6_mat_of(plane[0], values / 3, 3), 1,
                           c->height, c->width, 4);
}

void m6_conv_block_run(struct m6_lane *lane, const struct m6_conv_block *b, int h, int w, int channels)
{
    struct m6_transformer *t = lane->model;
    float *const *plane = lane->scratch.plane;
    const struct m6_mat x = m6_mat_of(plane[0], h * w, channels), n = m6_mat_of(plane[1], h * w, channels),
                        a = m6_mat_of(plane[2], h * w, channels);
    const struct m6_epilogue first = {.bias = b->a.b, .act = M6_ACT_GELU};
    const struct m6_epilogue second = {.bias = b->b.b, .act = M6_ACT_NONE, .residual = x.data};
    m6_gains_run(t, n, x, &b->ln);
    t->ops->conv3x3(t->backend, a, n, &b->a.w, 1, h, w, &first);
    t->ops->conv3x3(t->backend, x, a, &b->b.w, 1, h, w, &second);
    m6_lane_pause(lane);
}

/* The patches of a picture, normalised, in plane 2. */
static struct m6_mat run_stages(struct m6_lane *lane, const uint8_t *rgb)
{
    struct m6_transformer *t = lane->model;
    const struct m6_config *c = &t->config;
    const struct m6_weights *w = &t->weights;
    float *const *plane = lane->scratch.plane;
    const int patches = m6_config_patches(c), last = c->stem[M6_STAGES - 1];
    struct m6_mat x = {0};
    m6_picture_upload(lane, rgb);
    for (int i = 0; i < M6_STAGES; i++) {
        const int height = c->height >> (2 + i), width = c->width >> (2 + i);
        const struct m6_mat deep = m6_mat_of(plane[1], height * width, i ? 4 * x.cols : 48);
        if (i)
            t->ops->space_to_depth(t->backend, deep, x, 1, 2 * height, 2 * width, 2);
        x = m6_mat_of(plane[0], height * width, c->stem[i]);
        m6_affine_run(t, x, deep, &w->stem.in[i], M6_ACT_NONE, NULL);
        m6_conv_block_run(lane, &w->stem.block[i], height, width, c->stem[i]);
    }
    const struct m6_mat rows = m6_mat_of(plane[1], x.rows, last);
    const struct m6_mat patch = m6_mat_of(plane[1], patches, 6 * last), norm = m6_mat_of(plane[2], patches, 6 * last);
    t->ops->embed(t->backend, rows, plane[0], lane->scratch.patch_order, 0);
    m6_gains_run(t, norm, patch, &w->stem.ln);
    return norm;
}

/* Known or not, the same additions in the same order. */
void m6_stem_run(struct m6_lane *lane, int picture)
{
    struct m6_transformer *t = lane->model;
    const int d = t->config.d_model, patches = m6_config_patches(&t->config);
    const struct m6_key content = lane->rows.picture[picture].content;
    const struct m6_mat to = m6_mat_of(lane->scratch.x + (size_t)lane->rows.picture[picture].row * (size_t)d, patches, d);
    float *known = m6_features_find(&t->features, content);
    if (!known) {
        const struct m6_mat norm = run_stages(lane, lane->rows.picture[picture].rgb);
        known = m6_features_make(&t->features, content, (size_t)patches * (size_t)d);
        if (!known)
            known = lane->scratch.plane[0];
        m6_affine_run(t, m6_mat_of(known, patches, d), norm, &t->weights.stem.out, M6_ACT_NONE, NULL);
    }
    t->ops->add(t->backend, to, to, m6_mat_of(known, patches, d));
}
