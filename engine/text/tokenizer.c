#include "text/tokenizer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer_impl.h"

void m6_tokenizer_destroy(struct m6_tokenizer *t)
{
    if (!t)
        return;
    m6_split_destroy(t->split);
    m6_bytemap_finish(&t->ids);
    m6_bytemap_finish(&t->added);
    m6_merges_finish(&t->merges);
    free(t->token);
    free(t->arena);
    free(t);
}

int m6_tokenizer_vocab(const struct m6_tokenizer *t)
{
    return t->vocab;
}

int32_t m6_tokenizer_special(const struct m6_tokenizer *t, const char *text)
{
    return m6_bytemap_find(&t->added, text, strlen(text));
}

/* ---- encoding ---- */

struct encoding {
    const struct m6_tokenizer *t;
    int32_t *id;
    int max, count;
    int32_t *symbol; /* room for one piece */
    int room;
};

static enum m6_status emit(struct encoding *e, const int32_t *id, int count)
{
    for (int i = 0; i < count && e->count + i < e->max; i++)
        e->id[e->count + i] = id[i];
    e->count += count;
    return M6_OK;
}

static enum m6_status encode_piece(void *arg, const char *piece, size_t size)
{
    struct encoding *e = arg;
    if (e->t->ignore_merges || size == 1) {
        const int32_t whole = m6_bytemap_find(&e->t->ids, piece, size);
        if (whole >= 0)
            return emit(e, &whole, 1);
    }
    if ((size_t)e->room < size) {
        int32_t *bigger = realloc(e->symbol, (size + size / 2 + 64) * sizeof *bigger);
        if (!bigger)
            return M6_ERR_MEMORY;
        e->symbol = bigger;
        e->room = (int)(size + size / 2 + 64);
    }
    for (size_t i = 0; i < size; i++)
        e->symbol[i] = e->t->byte[(unsigned char)piece[i]];
    const int count = m6_bpe(&e->t->merges, e->symbol, (int)size);
    return count < 0 ? (enum m6_status)count : emit(e, e->symbol, count);
}

int m6_tokenizer_encode(const struct m6_tokenizer *t, const char *text, size_t size, int32_t *id, int max)
{
    if (size > INT_MAX / 2)
        return M6_ERR_LIMIT;
    struct encoding e = {.t = t, .id = id, .max = max};
    const enum m6_status status = m6_split_run(t->split, text, size, encode_piece, &e);
    free(e.symbol);
    return status ? (int)status : e.count;
}

/* ---- decoding ---- */

int m6_tokenizer_is_special(const struct m6_tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->vocab && t->token[id].special;
}

const char *m6_tokenizer_token(const struct m6_tokenizer *t, int32_t id, int *size)
{
    if (id < 0 || id >= t->vocab || !t->token[id].bytes) {
        *size = 0;
        return "";
    }
    *size = (int)t->token[id].size;
    return t->token[id].bytes;
}

int m6_tokenizer_decode(const struct m6_tokenizer *t, const int32_t *id, int count, char *out, size_t size)
{
    size_t length = 0;
    for (int i = 0; i < count; i++) {
        int n;
        const char *bytes = m6_tokenizer_token(t, id[i], &n);
        if (!n || t->token[id[i]].special)
            continue;
        if (size && length < size - 1)
            memcpy(out + length, bytes, (size_t)n < size - 1 - length ? (size_t)n : size - 1 - length);
        length += (size_t)n;
        if (length > INT_MAX)
            return M6_ERR_LIMIT;
    }
    if (size)
        out[length < size ? length : size - 1] = '\0';
    return (int)length;
}
