/* Models with random weights: what tests and benchmarks run on, so that neither needs a trained one. */
#ifndef M6_FAMILIES_M6_RANDOM_H
#define M6_FAMILIES_M6_RANDOM_H

#include "families/m6/config.h"
#include "ops/ops.h"

/* Shapes to use: one that runs in no time, and the one of the model in the package. */
void m6_config_tiny(struct m6_config *);
void m6_config_mini(struct m6_config *);

/* Makes the folder if need be and writes config.json, tokenizer.json (bytes and a few merges) and model.safetensors into
 * it. matrices: M6_I8 (with scales), M6_BF16 or M6_F32. The lexicon has a few words, such as "red", "cat" and "猫". */
enum m6_status m6_model_random(const char *folder, const struct m6_config *, enum m6_type matrices, uint64_t seed,
                               struct m6_error *err);

#endif
