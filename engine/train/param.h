/* A set of trained matrices, its optimizers, and its life on disk. */
#ifndef M6_TRAIN_PARAM_H
#define M6_TRAIN_PARAM_H

#include "io/safetensors.h"
#include "train/tape.h"

struct m6_params;
struct m6_params *m6_params_create(void);
void m6_params_destroy(struct m6_params *);

/* How a matrix starts: normal with the given deviation, or the constant `mean` when deviation is 0. Keyed by seed
 * and name, so that adding a matrix changes no other. */
struct m6_param *m6_params_add(struct m6_params *, const char *name, int rows, int cols, float mean, float deviation,
                               uint64_t seed); /* NULL when out of memory or the name is taken */
struct m6_param *m6_params_find(const struct m6_params *, const char *name);
int m6_params_count(const struct m6_params *);
struct m6_param *m6_params_at(const struct m6_params *, int i);
int64_t m6_params_elements(const struct m6_params *);
enum m6_status m6_params_double(struct m6_params *); /* makes and fills value64, grad64 */
void m6_params_clear_grads(struct m6_params *);

enum m6_optimizer { M6_ADAMW, M6_ADAFACTOR };
struct m6_optim {
    enum m6_optimizer kind;
    float lr, beta1, beta2, eps, weight_decay;
    float clip; /* global gradient norm; 0: none */
};
/* One step (step counts from 1). Returns the gradients' global norm before clipping; clears the gradients. A step whose norm
 * is not finite changes nothing. Adafactor: arXiv 1804.04235, factored second moment, no first moment when beta1 = 0. */
double m6_params_step(struct m6_params *, struct m6_pool *, const struct m6_optim *, int64_t step);

/* Whether the state that was loaded is this optimizer's (or there is none yet). */
int m6_params_state_fits(const struct m6_params *, const struct m6_optim *);

/* An average of the values over time, for evaluation and release. decay 0 switches it off. */
void m6_params_average(struct m6_params *, struct m6_pool *, float decay);
void m6_params_swap_average(struct m6_params *); /* exchanges values and their average */

/* Checkpoints hold everything that the next step depends on: values, optimizer state, average, and the caller's own words
 * (step, data position, …) as metadata; so a resumed run continues bit by bit. Written whole or not at all. */
enum m6_status m6_params_save(const struct m6_params *, const char *path, const char *const *metadata, struct m6_error *err);
/* A whole checkpoint, which must hold every matrix. To start from the values of any file: quant.h. */
enum m6_status m6_params_load(struct m6_params *, const struct m6_safetensors *, struct m6_error *err);

#endif
