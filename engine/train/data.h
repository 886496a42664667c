/* Where training examples come from: a generated world, or a user's own pictures and texts.
 *
 * Example i of a split is a pure function of the source, the split and i, so a run can be resumed at any
 * step and repeats bit by bit. A source may be asked from several threads at once.
 */
#ifndef M6_TRAIN_DATA_H
#define M6_TRAIN_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "m6/status.h"

enum m6_split { M6_SPLIT_TRAIN, M6_SPLIT_HELDOUT };
enum m6_lang { M6_LANG_EN, M6_LANG_ZH, M6_LANGS };
enum {
    M6_CLIP_FRAMES = 4,
    M6_QUESTIONS_MAX = 4,
    M6_LABELS_MAX = 64,
    M6_CAPTION_BYTES = 1024,
    M6_ANSWER_BYTES = 256,
    M6_SCRIPT_BYTES = 8192,
};

struct m6_question {
    char question[M6_CAPTION_BYTES], answer[M6_ANSWER_BYTES];
};

/* A still or a clip, and all that is known of it. Texts are "" and labels -1 where nothing is. */
struct m6_example {
    int width, height;  /* wanted by the caller, who also owns… */
    uint8_t *rgb;       /* …[frames][height][width][3], or NULL: texts only */
    uint8_t *mask;      /* …[frames][height][width], 255 where a subject is; or NULL */
    int wordless;       /* the caller needs no texts */
    int composed;       /* the caller wants it arranged as one would draw it, so that the caption tells all of it */
    int frames;         /* out */
    char caption[M6_LANGS][M6_CAPTION_BYTES];
    char wrong[M6_LANGS][M6_CAPTION_BYTES];  /* a caption that is false of this picture, if only just */
    char prompt[M6_LANGS][M6_CAPTION_BYTES]; /* what a person might type to get this picture */
    int questions;
    struct m6_question question[M6_QUESTIONS_MAX];
    int label[M6_LABELS_MAX]; /* in the order of the source's groups */
};

struct m6_script_example {
    enum m6_lang lang;
    int shots;
    char idea[M6_CAPTION_BYTES], script[M6_SCRIPT_BYTES];
};

/* `count` attributes of `classes` values each, such as the colour of each of 13 kinds of subject. */
struct m6_label_group {
    const char *name;
    int count, classes;
    int absent; /* the class that says there is none (common, and told apart in reports), or -1 */
};

struct m6_source {
    void *self;
    int stills, clips, scripts; /* whether it has them */
    const struct m6_label_group *group;
    int groups;
    enum m6_status (*example)(void *self, enum m6_split, int clip, uint64_t index, struct m6_example *,
                              struct m6_error *err);
    enum m6_status (*script)(void *self, enum m6_split, uint64_t index, struct m6_script_example *,
                             struct m6_error *err);
    /* One word of the lexicon, NULL past the end; the member may be NULL. */
    const char *(*word)(void *self, int i, enum m6_lang lang);
    /* Scores a caption of example (split, clip, index): for each attribute -1 not stated, 0 wrong, 1 right. NULL, or: */
    void (*score)(void *self, enum m6_split, int clip, uint64_t index, enum m6_lang lang, const char *text, int *score);
    const char *const *attribute;
    int attributes;
    void (*destroy)(void *self);
};

void m6_source_destroy(struct m6_source *);

/* A user's own data: JSON lines such as
 *   {"image": "a.png", "caption": {"en": "A red bus."}, "questions": [{"q": "What is it?", "a": "a bus"}]}
 *   {"images": ["f0.jpg", "f1.jpg", "f2.jpg", "f3.jpg"], "caption": {"zh": "…"}}
 *   {"script": "INT. ROOM…", "idea": "a cat wakes up", "shots": 3, "lang": "en"}
 * Picture paths are relative to the manifest; "prompt" and "wrong" take texts like "caption", "mask" a grey picture. One
 * line in twenty is held out. The first bad line is reported by number. */
enum m6_status m6_source_manifest(struct m6_source *out, const char *path, uint64_t seed, struct m6_error *err);

/* Pictures on disk. Read: PNG or JPEG, scaled and cropped at the centre to width × height. */
enum m6_status m6_picture_read(const char *path, int width, int height, uint8_t *rgb, struct m6_error *err);
enum m6_status m6_picture_write_png(const char *path, int width, int height, const uint8_t *rgb,
                                    struct m6_error *err);

/* n packed RGB pictures to rows of `block`×`block`×3 values in [-1, 1], ordered (dy, dx, channel): what
 * space_to_depth makes of them. And a mask to the share of each block that it covers. */
void m6_picture_blocks(const uint8_t *rgb, int n, int width, int height, int block, float *row);
void m6_mask_blocks(const uint8_t *mask, int n, int width, int height, int block, float *share);
/* Back to bytes. */
void m6_blocks_picture(const float *row, int n, int width, int height, int block, uint8_t *rgb);

#endif
