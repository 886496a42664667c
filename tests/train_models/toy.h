/* A world of eight pictures (a red or blue square at one of four places) with texts, scripts and labels: small enough to be
 * learned by heart in seconds. And folders and recipes for tests. */
#ifndef TESTS_TRAIN_MODELS_TOY_H
#define TESTS_TRAIN_MODELS_TOY_H

#include "train/recipe.h"
#include "train/trainer.h"

extern const struct m6_source toy_source;

/* What recipes of each kind say beside the rest. */
extern const char toy_image[], toy_judge[], toy_m6[];
/* Reads the recipe that these make, with outputs in the folder. A field of `more` that is there already is a mistake. */
void toy_recipe(struct m6_recipe *, const char *folder, const char *kind, const char *run, int steps, const char *more);
/* Trains, then gives the evaluation with the weights as they are. */
void toy_train(const struct m6_recipe *, struct m6_source *, int fresh, struct m6_metrics *);
/* Paints a frame of the toy world. */
void toy_draw(int width, int height, int index, uint8_t *rgb);

/* A fresh folder; removed by toy_remove. */
void toy_folder(char path[M6_PATH_BYTES]);
void toy_remove(const char *path);
void toy_write(const char *folder, const char *name, const char *text);
/* Writes config.json (tiny) and the toy's tokenizer.json. */
void toy_prepare(const char *folder);

#endif
