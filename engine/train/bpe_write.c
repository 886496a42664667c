#include "train/bpe.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "io/file.h"

/* GPT-2's printable stand-in for a byte, as UTF-8: itself where it prints, else U+0100 and up in order. */
static int stand_in(uint8_t byte, char out[3])
{
    int code = byte, next = 256;
    if (byte < '!' || (byte > '~' && byte < 0xa1) || byte == 0xad) {
        for (int b = 0; b < byte; b++)
            next += b < '!' || (b > '~' && b < 0xa1) || b == 0xad;
        code = next;
    }
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 63));
    return 2;
}

static void spell(const struct m6_bpe *b, int id, char out[4096])
{
    int size, used = 0;
    const char *text = m6_bpe_token(b, id, &size);
    if (id < m6_bpe_specials()) {
        strcpy(out, text);
        return;
    }
    for (int i = 0; i < size; i++)
        used += stand_in((uint8_t)text[i], out + used);
    out[used] = '\0';
}

static cJSON *specials(const struct m6_bpe *b)
{
    cJSON *list = cJSON_CreateArray();
    for (int id = 0; id < m6_bpe_specials(); id++) {
        int size;
        cJSON *t = cJSON_CreateObject();
        cJSON_AddNumberToObject(t, "id", id);
        cJSON_AddStringToObject(t, "content", m6_bpe_token(b, id, &size));
        cJSON_AddFalseToObject(t, "single_word");
        cJSON_AddFalseToObject(t, "lstrip");
        cJSON_AddFalseToObject(t, "rstrip");
        cJSON_AddFalseToObject(t, "normalized");
        cJSON_AddTrueToObject(t, "special");
        cJSON_AddItemToArray(list, t);
    }
    return list;
}

static cJSON *byte_level(void)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", "ByteLevel");
    cJSON_AddFalseToObject(o, "add_prefix_space");
    cJSON_AddFalseToObject(o, "trim_offsets");
    cJSON_AddFalseToObject(o, "use_regex");
    return o;
}

static cJSON *pre_tokenizer(void)
{
    cJSON *o = cJSON_CreateObject(), *list = cJSON_CreateArray(), *split = cJSON_CreateObject();
    cJSON *pattern = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "type", "Sequence");
    cJSON_AddStringToObject(split, "type", "Split");
    cJSON_AddStringToObject(pattern, "Regex", M6_BPE_PATTERN);
    cJSON_AddItemToObject(split, "pattern", pattern);
    cJSON_AddStringToObject(split, "behavior", "Isolated");
    cJSON_AddFalseToObject(split, "invert");
    cJSON_AddItemToArray(list, split);
    cJSON_AddItemToArray(list, byte_level());
    cJSON_AddItemToObject(o, "pretokenizers", list);
    return o;
}

static cJSON *model(const struct m6_bpe *b)
{
    cJSON *o = cJSON_CreateObject(), *vocab = cJSON_CreateObject(), *merges = cJSON_CreateArray();
    char text[4096], left[4096], both[8200];
    cJSON_AddStringToObject(o, "type", "BPE");
    cJSON_AddNullToObject(o, "dropout");
    cJSON_AddNullToObject(o, "unk_token");
    cJSON_AddNullToObject(o, "continuing_subword_prefix");
    cJSON_AddNullToObject(o, "end_of_word_suffix");
    cJSON_AddFalseToObject(o, "fuse_unk");
    cJSON_AddFalseToObject(o, "byte_fallback");
    for (int id = 0; id < m6_bpe_vocab(b); id++) {
        int pair[2];
        spell(b, id, text);
        cJSON_AddNumberToObject(vocab, text, id);
        if (!m6_bpe_merge(b, id, pair))
            continue;
        spell(b, pair[0], left);
        spell(b, pair[1], text);
        snprintf(both, sizeof both, "%s %s", left, text);
        cJSON_AddItemToArray(merges, cJSON_CreateString(both));
    }
    cJSON_AddItemToObject(o, "vocab", vocab);
    cJSON_AddItemToObject(o, "merges", merges);
    return o;
}

enum m6_status m6_bpe_write(const struct m6_bpe *b, const char *path, struct m6_error *err)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "version", "1.0");
    cJSON_AddNullToObject(root, "truncation");
    cJSON_AddNullToObject(root, "padding");
    cJSON_AddItemToObject(root, "added_tokens", specials(b));
    cJSON_AddNullToObject(root, "normalizer");
    cJSON_AddItemToObject(root, "pre_tokenizer", pre_tokenizer());
    cJSON_AddNullToObject(root, "post_processor");
    cJSON_AddItemToObject(root, "decoder", byte_level());
    cJSON_AddItemToObject(root, "model", model(b));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    if (!text)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to write %s", path);
    const struct m6_bytes part[] = {{text, strlen(text)}, {"\n", 1}};
    const enum m6_status status = m6_file_write(path, part, 2, err);
    free(text);
    return status;
}
