#include "burn.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct m6_title *title;
static struct m6_error why;

/* lib/m6 beside lib/frei0r-1, also where that is lib/ARCHITECTURE/frei0r-1. */
static void load(void)
{
    static const char *const places[] = {"../m6/m6title.so", "../../m6/m6title.so"};
    char path[PATH_MAX];
    Dl_info info;
    void *handle = NULL;
    const char *file = dladdr((const void *)(uintptr_t)load, &info) && info.dli_fname ? info.dli_fname : "", *slash = strrchr(file, '/');
    const int folder = slash ? (int)(slash - file) + 1 : 0;
    for (int i = 0; i < 2 && !handle; i++) {
        snprintf(path, sizeof path, "%.*s%s", folder, file, places[i]);
        handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); /* GLib does not survive being closed */
    }
    const struct m6_title *found = handle ? dlsym(handle, M6_TITLE_SYMBOL) : NULL;
    if (found && found->abi == M6_TITLE_ABI && found->size >= sizeof *found)
        title = found;
    else
        m6_fail(&why, M6_ERR_MODEL, "captions cannot be set (%.200s); install M6 whole, with libpangocairo-1.0-0", handle ? path : dlerror());
}

static enum m6_status set_text(struct burn *b, int width, int height, const char *text, const char *language, struct m6_error *err)
{
    const struct m6_title_params params = {.text = text, .lang = language, .width = width, .height = height};
    if (b->text && !strcmp(b->text, text) && !strcmp(b->language, language) && b->width == width && b->height == height)
        return M6_OK;
    burn_finish(b);
    b->text = strdup(text);
    b->language = strdup(language);
    b->width = width;
    b->height = height;
    if (b->text && b->language && !title->render(&params, &b->image, err->text, sizeof err->text))
        return M6_OK;
    if (!b->text || !b->language)
        m6_fail(err, M6_ERR_MEMORY, "no memory for a caption");
    burn_finish(b);
    return M6_ERR_INTERNAL;
}

/* One straight pixel under a premultiplied one; `share` of 256 of that counts. */
static void mix(uint8_t *to, uint32_t argb, unsigned int share)
{
    const unsigned int over = (argb >> 24) * share, under = 255 * 256 - over, alpha = to[3]; /* over and under: of 65280 */
    const unsigned int colours[3] = {argb >> 16 & 255, argb >> 8 & 255, argb & 255};
    const unsigned int left = (alpha * under + 32640) / 65280; /* of 255 */
    const unsigned int whole = (over + 128) / 256 + left;
    if (!over)
        return;
    for (int i = 0; i < 3; i++) {
        const unsigned int sum = (colours[i] * share + 128) / 256 * 255 + to[i] * left;
        const unsigned int value = (sum + whole / 2) / whole;
        to[i] = (uint8_t)(value < 255 ? value : 255);
    }
    to[3] = (uint8_t)(whole < 255 ? whole : 255);
}

enum m6_status burn(struct burn *b, uint32_t *rgba, int width, int height, size_t stride, const char *text, const char *language, double opacity, struct m6_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const unsigned int share = (unsigned int)(opacity * 256 + 0.5);
    pthread_once(&once, load);
    if (!title)
        return m6_fail(err, M6_ERR_MODEL, "%s", why.text);
    if (!share || !*text)
        return M6_OK;
    const enum m6_status status = set_text(b, width, height, text, language, err);
    if (status)
        return status;
    const struct m6_title_image *image = &b->image;
    for (int y = image->y < 0 ? -image->y : 0; y < image->height && y + image->y < height; y++) {
        const uint32_t *from = (const uint32_t *)(const void *)(image->argb + (size_t)y * image->stride);
        uint8_t *row = (uint8_t *)(rgba + (size_t)(y + image->y) * stride);
        for (int x = image->x < 0 ? -image->x : 0; x < image->width && x + image->x < width; x++)
            mix(row + 4 * (x + image->x), from[x], share);
    }
    return M6_OK;
}

void burn_finish(struct burn *b)
{
    if (b->image.argb)
        title->release(&b->image);
    free(b->text);
    free(b->language);
    memset(b, 0, sizeof *b);
}
