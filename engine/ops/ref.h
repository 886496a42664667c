/* Every operation of struct m6_ops once more, in double and in the plainest loops: what the
 * conformance suite holds backends against. Inputs are host memory; outputs are dense arrays of
 * double. Meanings are those of ops.h. `size`, where given, receives the sum of the magnitudes of
 * an output's terms, which is what a rounding error is proportional to. */
#ifndef M6_OPS_REF_H
#define M6_OPS_REF_H

#include "ops/ops.h"

/* w is out × in, already as the product sees it; residual has its own stride. */
void m6_ref_matmul(double *y, double *size, struct m6_mat x, const double *w, int out,
                   const struct m6_epilogue *e, int residual_stride);
void m6_ref_conv3x3(double *y, double *size, struct m6_mat x, const double *w, int out, int n,
                    int h, int width, const struct m6_epilogue *e, int residual_stride);

/* One expert's weights as arrays of double; gate NULL for plain FFNs; biases may be NULL. */
struct m6_ref_expert {
    const double *up, *gate, *down;
    const float *up_bias, *down_bias;
    int inner;
};
/* y (x.rows × x.cols) is added to */
void m6_ref_experts(double *y, double *size, struct m6_mat x, const struct m6_ref_expert *e,
                    enum m6_act act, const int32_t *index, const float *gate, int active);

void m6_ref_layer_norm(double *y, struct m6_mat x, const float *gain, const float *bias,
                       double eps);
void m6_ref_rms_norm(double *y, struct m6_mat x, const float *gain, double eps);
void m6_ref_group_norm(double *y, struct m6_mat x, int n, int groups, const float *gain,
                       const float *bias, double eps);
void m6_ref_activate(double *y, struct m6_mat x, enum m6_act act);
void m6_ref_gated(double *y, struct m6_mat gate, struct m6_mat up, enum m6_act act);
void m6_ref_mix(double *y, double p, struct m6_mat a, double q,
                struct m6_mat b); /* add is mix(1, 1) */
void m6_ref_embed(double *y, int rows, int cols, const float *table, const int32_t *id); /* adds */
void m6_ref_rope(double *y, struct m6_mat x, const int32_t *position, int heads, int head_dim,
                 double theta);
void m6_ref_softmax(double *y, struct m6_mat x);

void m6_ref_space_to_depth(double *y, struct m6_mat x, int n, int h, int w, int block);
void m6_ref_depth_to_space(double *y, struct m6_mat x, int n, int h, int w, int block);
void m6_ref_upsample2(double *y, struct m6_mat x, int n, int h, int w);

/* y is q.rows × heads*head_dim; rows in no span are left alone */
void m6_ref_attention(double *y, struct m6_mat q, const struct m6_kv *kv, int heads, double scale,
                      const struct m6_span *span, int spans);

void m6_ref_route_prototypes(struct m6_mat logits, int groups, int32_t *index, double *gate);
void m6_ref_route_top_k(struct m6_mat logits, int active, int renormalise, int32_t *index,
                        double *gate);
/* The probability of each id under `how` (0 for those that are cut). */
void m6_ref_sample_shares(double *share, const float *logits, int n, const struct m6_sample *how);

#endif
