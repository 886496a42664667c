/* The image tokenizer's training graph: encoder, FSQ, decoder (families/m6/config.h has the function and the
 * names, "tok.…"). */
#ifndef M6_TRAIN_IMAGE_H
#define M6_TRAIN_IMAGE_H

#include "families/m6/config.h"
#include "train/param.h"
#include "train/tape.h"

/* Adds all tok.* matrices. Blocks start as the identity: their second convolution is zero. */
enum m6_status m6_image_params(struct m6_params *, const struct m6_config *, uint64_t seed, struct m6_error *err);

/* pixels: n·(height/4)·(width/4) rows of 4·4·3 values in [-1, 1]. Gives n·(height/8)·(width/8) rows of quantised
 * levels; code, if not NULL, receives their indices. */
m6_var m6_image_encode(struct m6_tape *, const struct m6_params *, const struct m6_config *, m6_var pixels, int n,
                       int32_t *code);
/* The inverse: rows as `pixels` above. */
m6_var m6_image_decode(struct m6_tape *, const struct m6_params *, const struct m6_config *, m6_var levels, int n);

/* Quantised levels of n codes, as m6_image_encode gives them: rows of `levels` values. */
void m6_image_levels(const struct m6_config *, const int32_t *code, int n, float *level);
/* Pairs of pictures, n above n, six pairs a row, as a PNG: what is true over what was made. */
enum m6_status m6_image_sheet(const char *path, const uint8_t *above, const uint8_t *below, int n, int width, int height,
                              struct m6_error *err);

/* Helpers that the M6 stem and the judge share. `name` is a prefix such as "stem.0.block". */
enum m6_status m6_linear_params(struct m6_params *, const char *name, int out, int in, float gain, uint64_t seed,
                                struct m6_error *err);
enum m6_status m6_norm_params(struct m6_params *, const char *name, int width, struct m6_error *err);
enum m6_status m6_block_params(struct m6_params *, const char *name, int channels, uint64_t seed,
                               struct m6_error *err);
m6_var m6_linear(struct m6_tape *, const struct m6_params *, const char *name, m6_var x);
m6_var m6_linear_add(struct m6_tape *, const struct m6_params *, const char *name, m6_var x, m6_var residual);
m6_var m6_norm(struct m6_tape *, const struct m6_params *, const char *name, m6_var x);
m6_var m6_block(struct m6_tape *, const struct m6_params *, const char *name, m6_var x, int n, int h, int w);
/* A matrix by name, put on the tape. It is there: the models add what they use. */
m6_var m6_weight_var(struct m6_tape *, const struct m6_params *, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
