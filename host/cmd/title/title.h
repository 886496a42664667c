/* Captions set by Pango, as a module (lib/m6/m6title.so) that the m6 command opens when it burns
 * captions in: fonts take tens of milliseconds to find, and what draws or reads a still should not
 * pay for them.
 */
#ifndef M6_CMD_TITLE_H
#define M6_CMD_TITLE_H

#include <stddef.h>
#include <stdint.h>

#define M6_TITLE_ABI 1
#define M6_TITLE_SYMBOL "m6_title"

struct m6_title_params {
    const char *text;  /* UTF-8 */
    const char *lang;  /* "en", "zh": which forms of shared characters to use */
    int width, height; /* of the frame */
};

/* A caption as it lies on the frame: premultiplied ARGB in native words, `stride` bytes a row. */
struct m6_title_image {
    int x, y, width, height;
    size_t stride;
    uint8_t *argb; /* freed with release */
};

struct m6_title {
    uint32_t abi, size; /* M6_TITLE_ABI, sizeof(struct m6_title) */
    /* 0, or -1 with a sentence. */
    int (*render)(const struct m6_title_params *, struct m6_title_image *, char *why,
                  size_t why_size);
    void (*release)(struct m6_title_image *);
    /* The family that sets a text of this language; 0, or -1 if no font here has its characters. */
    int (*font)(const char *lang, char *family, size_t size);
};

#endif
