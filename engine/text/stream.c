#include "text/stream.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum m6_status m6_stream_init(struct m6_stream *s, const char *stop)
{
    *s = (struct m6_stream){0};
    if (!stop || !*stop)
        return M6_OK;
    s->stop = strdup(stop);
    s->stop_size = strlen(stop);
    return s->stop ? M6_OK : M6_ERR_MEMORY;
}

void m6_stream_finish(struct m6_stream *s)
{
    free(s->stop);
    free(s->held);
    free(s->clean);
    *s = (struct m6_stream){0};
}

static int reserve(char **buffer, size_t *room, size_t size)
{
    if (size <= *room)
        return 1;
    char *bigger = realloc(*buffer, 2 * size + 64);
    if (!bigger)
        return 0;
    *buffer = bigger;
    *room = 2 * size + 64;
    return 1;
}

/* The first `size` held bytes leave. */
static enum m6_status leave(struct m6_stream *s, size_t size, const char **text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    if (!reserve(&s->clean, &s->clean_room, 3 * size + 1))
        return M6_ERR_MEMORY;
    size_t n = 0;
    for (size_t at = 0; at < size;) {
        const int length = m6_utf8_char(s->held + at, size - at, NULL);
        memcpy(s->clean + n, length ? s->held + at : replacement, length ? (size_t)length : 3);
        n += length ? (size_t)length : 3;
        at += length ? (size_t)length : 1;
    }
    s->clean[n] = '\0';
    memmove(s->held, s->held + size, s->used - size);
    s->used -= size;
    *text = s->clean;
    return M6_OK;
}

/* How many bytes at the end could be the beginning of the stop string. */
static size_t stop_begun(const struct m6_stream *s)
{
    size_t n = s->stop_size ? s->stop_size - 1 : 0;
    for (n = n < s->used ? n : s->used; n > 0; n--)
        if (memcmp(s->held + s->used - n, s->stop, n) == 0)
            break;
    return n;
}

enum m6_status m6_stream_push(struct m6_stream *s, const char *bytes, size_t size, const char **text, int *stopped)
{
    *text = "";
    *stopped = 0;
    if (!size)
        return M6_OK;
    if (!reserve(&s->held, &s->room, s->used + size))
        return M6_ERR_MEMORY;
    memcpy(s->held + s->used, bytes, size);
    s->used += size;
    const char *stop = s->stop ? memmem(s->held, s->used, s->stop, s->stop_size) : NULL;
    if (stop) {
        *stopped = 1;
        s->used = (size_t)(stop - s->held);
        return leave(s, s->used, text);
    }
    const size_t free_to_go = s->used - stop_begun(s);
    return leave(s, free_to_go - m6_utf8_incomplete(s->held, free_to_go), text);
}

enum m6_status m6_stream_flush(struct m6_stream *s, const char **text)
{
    *text = "";
    return s->used ? leave(s, s->used, text) : M6_OK;
}
