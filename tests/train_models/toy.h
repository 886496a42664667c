/* A world of eight pictures (a red or blue square at one of four places) with texts, scripts and labels: small enough to be
 * learned by heart in seconds. And folders and recipes for tests. */
#ifndef TESTS_TRAIN_MODELS_TOY_H
#define TESTS_TRAIN_MODELS_TOY_H

#include "train/recipe.h"
#include "train/trainer.h"

extern const struct m6_source toy_source;

/* A fresh folder; removed by toy_remove. */
void toy_folder(char path[M6_PATH_BYTES]);
void toy_remove(const char *path);
void toy_write(const char *folder, const char *name, const char *text);
/* Writes config.json (tiny) and the toy's tokenizer.json. */
void toy_prepare(const char *folder);

#endif
