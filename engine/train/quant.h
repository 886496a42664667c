/* Weights as files carry them: 8-bit matrices with a scale a row, or floats. */
#ifndef M6_TRAIN_QUANT_H
#define M6_TRAIN_QUANT_H

#include "train/param.h"

/* I8 of a row: the scale that loses least (squared error) among a few below max|w|/127. */
float m6_quant_row(const float *w, int n, int8_t *q);

enum m6_quant { M6_QUANT_FLOAT, M6_QUANT_I8 };
/* Writes all values. With I8, matrices of at least `M6_QUANT_ELEMENTS` elements that bear a product become I8 with
 * NAME.scale; all else is F32. */
enum { M6_QUANT_ELEMENTS = 4096 };
enum m6_status m6_quant_write(const struct m6_params *, enum m6_quant, const char *path, const char *const *metadata,
                              struct m6_error *err);

/* The values of a file, whatever its types: what m6_quant_write wrote, or a checkpoint. Matrices that the file
 * lacks are an error unless `partial`; then they stay as they are, but one at least has to be there. path: a file, or a
 * model's folder. */
enum m6_status m6_quant_read(struct m6_params *, const char *path, int partial, struct m6_error *err);

#endif
