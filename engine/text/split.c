#include "text/split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum { STAGES_MAX = 32 };

enum keep { KEEP_ALL, KEEP_GAPS, KEEP_MATCHES };

struct stage {
    pcre2_code *code;
    enum keep keep;
};

struct m6_split {
    struct stage stage[STAGES_MAX];
    int stages;
    int bytes; /* a ByteLevel stage has ended the list */
};

#define GPT2_PATTERN "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

static enum m6_status add_stage(struct m6_split *s, const char *pattern, int literal, enum keep keep,
                                const char *name, struct m6_error *err)
{
    if (s->stages == STAGES_MAX)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: more than %d pre-tokenizers", name, STAGES_MAX);
    int code = 0;
    PCRE2_SIZE at = 0;
    const uint32_t options = literal ? PCRE2_UTF | PCRE2_LITERAL : PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &at, NULL);
    if (!compiled) {
        char why[128] = "";
        pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
        return m6_fail(err, M6_ERR_FORMAT, "%s: the pre-tokenizer's pattern fails at its byte %zu: %s", name, at, why);
    }
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE); /* without it the interpreter does the same, slower */
    s->stage[s->stages++] = (struct stage){compiled, keep};
    return M6_OK;
}

static enum m6_status add_split(struct m6_split *s, const cJSON *pre, const char *name, struct m6_error *err)
{
    const cJSON *pattern = cJSON_GetObjectItemCaseSensitive(pre, "pattern");
    const char *regex = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pattern, "Regex"));
    const char *string = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pattern, "String"));
    const char *behavior = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pre, "behavior"));
    const int invert = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(pre, "invert"));
    const char *text = regex ? regex : string;
    if (!text || !*text)
        return m6_fail(err, M6_ERR_FORMAT, "%s: a Split pre-tokenizer has no pattern", name);
    enum keep keep;
    if (behavior && strcmp(behavior, "Isolated") == 0)
        keep = KEEP_ALL;
    else if (behavior && strcmp(behavior, "Removed") == 0)
        keep = invert ? KEEP_MATCHES : KEEP_GAPS;
    else
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: Split with the behavior \"%.40s\" is not supported", name,
                       behavior ? behavior : "");
    return add_stage(s, text, !regex, keep, name, err);
}

static enum m6_status add_byte_level(struct m6_split *s, const cJSON *pre, const char *name, struct m6_error *err)
{
    const cJSON *use_regex = cJSON_GetObjectItemCaseSensitive(pre, "use_regex");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(pre, "add_prefix_space")))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: ByteLevel with add_prefix_space is not supported", name);
    s->bytes = 1;
    return cJSON_IsFalse(use_regex) ? M6_OK : add_stage(s, GPT2_PATTERN, 0, KEEP_ALL, name, err);
}

static enum m6_status add(struct m6_split *s, const cJSON *pre, int depth, const char *name, struct m6_error *err)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pre, "type"));
    if (!type)
        return m6_fail(err, M6_ERR_FORMAT, "%s has a pre-tokenizer without a type", name);
    if (s->bytes)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: the pre-tokenizer %.40s comes after ByteLevel", name, type);
    if (strcmp(type, "Sequence") == 0 && depth < 4) {
        const cJSON *list = cJSON_GetObjectItemCaseSensitive(pre, "pretokenizers");
        enum m6_status status = M6_OK;
        for (const cJSON *item = list ? list->child : NULL; item && !status; item = item->next)
            status = add(s, item, depth + 1, name, err);
        return status;
    }
    if (strcmp(type, "Split") == 0)
        return add_split(s, pre, name, err);
    if (strcmp(type, "Digits") == 0) {
        const int each = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(pre, "individual_digits"));
        return add_stage(s, each ? "\\p{N}" : "\\p{N}+", 0, KEEP_ALL, name, err);
    }
    if (strcmp(type, "ByteLevel") == 0)
        return add_byte_level(s, pre, name, err);
    return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: the pre-tokenizer \"%.40s\" is not supported", name, type);
}

enum m6_status m6_split_create(struct m6_split **out, const cJSON *pre_tokenizer, const char *name,
                               struct m6_error *err)
{
    *out = NULL;
    if (!cJSON_IsObject(pre_tokenizer))
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s has no pre-tokenizer; a ByteLevel one is needed", name);
    struct m6_split *s = calloc(1, sizeof *s);
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to load %s", name);
    enum m6_status status = add(s, pre_tokenizer, 0, name, err);
    if (!status && !s->bytes)
        status = m6_fail(err, M6_ERR_UNSUPPORTED, "%s: the pre-tokenizer does not end in ByteLevel", name);
    if (status) {
        m6_split_destroy(s);
        return status;
    }
    *out = s;
    return M6_OK;
}

void m6_split_destroy(struct m6_split *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->stages; i++)
        pcre2_code_free(s->stage[i].code);
    free(s);
}

/* ---- running ---- */

struct run {
    const struct m6_split *split;
    pcre2_match_data *match;
    m6_piece_fn fn;
    void *arg;
};

/* Finds the next match from `from` on. 1: found, 0: none, or a negative status. */
static int next_match(struct run *run, const struct stage *stage, const char *text, size_t size, size_t from,
                      size_t *begin, size_t *end)
{
    int n = pcre2_match(stage->code, (PCRE2_SPTR)text, size, from, PCRE2_NO_UTF_CHECK, run->match, NULL);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT)
        n = pcre2_match(stage->code, (PCRE2_SPTR)text, size, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, run->match,
                        NULL);
    if (n == PCRE2_ERROR_NOMATCH)
        return 0;
    if (n < 0)
        return n == PCRE2_ERROR_NOMEMORY ? M6_ERR_MEMORY : M6_ERR_LIMIT;
    const PCRE2_SIZE *ovector = pcre2_get_ovector_pointer(run->match);
    *begin = ovector[0];
    *end = ovector[1];
    return *begin <= *end && *end <= size && *begin >= from ? 1 : 0; /* \K can turn a match around */
}

static enum m6_status run_stage(struct run *run, int index, const char *text, size_t size)
{
    if (!size)
        return M6_OK;
    if (index == run->split->stages)
        return run->fn(run->arg, text, size);
    const struct stage *stage = &run->split->stage[index];
    const int gaps = stage->keep != KEEP_MATCHES, matches = stage->keep != KEEP_GAPS;
    enum m6_status status = M6_OK;
    size_t done = 0, from = 0, begin, end;
    while (from < size && !status) {
        const int found = next_match(run, stage, text, size, from, &begin, &end);
        if (found < 0)
            return (enum m6_status)found;
        if (!found)
            break;
        if (gaps)
            status = run_stage(run, index + 1, text + done, begin - done);
        if (matches && !status)
            status = run_stage(run, index + 1, text + begin, end - begin);
        done = from = end;
        if (begin == end && from < size)
            from += (size_t)m6_utf8_char(text + from, size - from, NULL);
    }
    return gaps && !status ? run_stage(run, index + 1, text + done, size - done) : status;
}

/* The bytes from the start that no well-formed character begins with. */
static size_t malformed(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && !m6_utf8_char(text + n, size - n, NULL))
        n++;
    return n;
}

enum m6_status m6_split_run(const struct m6_split *s, const char *text, size_t size, m6_piece_fn fn, void *arg)
{
    struct run run = {s, pcre2_match_data_create(1, NULL), fn, arg};
    if (!run.match)
        return M6_ERR_MEMORY;
    enum m6_status status = M6_OK;
    for (size_t at = 0; at < size && !status;) {
        const size_t good = m6_utf8_valid(text + at, size - at);
        status = run_stage(&run, 0, text + at, good);
        at += good;
        const size_t bad = malformed(text + at, size - at);
        if (bad && !status)
            status = fn(arg, text + at, bad);
        at += bad;
    }
    pcre2_match_data_free(run.match);
    return status;
}
