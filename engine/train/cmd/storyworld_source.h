/* Storyworld as a source of training examples. */
#ifndef M6_TRAIN_CMD_STORYWORLD_SOURCE_H
#define M6_TRAIN_CMD_STORYWORLD_SOURCE_H

#include "train/data.h"

enum m6_status m6_source_storyworld(struct m6_source *out, uint64_t seed, struct m6_error *err);

#endif
