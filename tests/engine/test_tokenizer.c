#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support.h"
#include "text/tokenizer.h"
#include "text/utf8.h"

#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"
#define SPLIT(regex)                                                                                                   \
    "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex                    \
    "\"},\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"              \
    "\"use_regex\":false}]}"

/* Ids: 0 … 255 the bytes, then what `vocab` says. Each argument is JSON, to be put in its place. */
struct parts {
    const char *vocab, *merges, *pre, *added, *model, *normalizer;
};

static char *document(const struct parts *p)
{
    char *text = malloc(1 << 16);
    int n = sprintf(text, "{\"added_tokens\":%s,\"normalizer\":%s,\"pre_tokenizer\":%s,\"model\":{\"type\":\"BPE\",%s\"vocab\":{",
                    p->added ? p->added : "[]", p->normalizer ? p->normalizer : "null", p->pre ? p->pre : BYTE_LEVEL, p->model ? p->model : "");
    int shifted = 256;
    for (int b = 0; b < 256; b++) {
        const int itself = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        char spelt[5] = "";
        m6_utf8_write(itself ? (uint32_t)b : (uint32_t)shifted++, spelt);
        n += sprintf(text + n, "%s\"%s%s\":%d", b ? "," : "", b == '"' || b == '\\' ? "\\" : "", spelt, b);
    }
    sprintf(text + n, "%s%s},\"merges\":[%s]}}", p->vocab ? "," : "", p->vocab ? p->vocab : "", p->merges ? p->merges : "");
    return text;
}

static struct m6_tokenizer *load(const struct parts *p)
{
    struct m6_tokenizer *t;
    char *text = document(p);
    assert_ok(m6_tokenizer_parse(&t, text, strlen(text), "test", &said));
    free(text);
    return t;
}

static void expect(const struct m6_tokenizer *t, const char *text, size_t size, const char *ids)
{
    int32_t id[256];
    char got[2048] = "", back[2048];
    const int n = m6_tokenizer_encode(t, text, size, id, 256);
    for (int i = 0; i < n; i++)
        sprintf(got + strlen(got), "%s%d", i ? " " : "", id[i]);
    assert_string_equal(got, ids);
    assert_int_equal(m6_tokenizer_decode(t, id, n, back, sizeof back), size);
    assert_memory_equal(back, text, size);
}

/* "ab" before "bc": in "abc" the lower rank wins, though "bc" would do as well. */
static const struct parts simple = {
    .vocab = "\"ab\":256,\"bc\":257,\"abc\":258,\"\xc4\xa0\x61\":259,\"aa\":260,\"aaaa\":261",
    .merges = "\"a b\",[\"b\",\"c\"],\"ab c\",\"\xc4\xa0 a\",\"a a\",\"aa aa\"",
    .added = "[{\"id\":262,\"content\":\"<eos>\",\"special\":true},{\"id\":264,\"content\":\"<tool>\",\"special\":false}]",
};

static void merges_by_rank(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    assert_int_equal(m6_tokenizer_vocab(t), 265);
    expect(t, "abc", 3, "258");
    expect(t, "bcb", 3, "257 98");
    expect(t, "xabc abc", 8, "120 258 32 258");
    expect(t, "aaa", 3, "260 97");
    expect(t, "aaaaa", 5, "261 97");
    expect(t, "a  a", 4, "97 32 259");
    expect(t, "", 0, "");
    expect(t, "it's", 4, "105 116 39 115");
    m6_tokenizer_destroy(t);
}

static void takes_specials_literally(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    char out[16];
    const int32_t ids[] = {97, 262, 98, 263, -1, 9999, 264};
    expect(t, "<eos>", 5, "60 101 111 115 62");
    assert_int_equal(m6_tokenizer_special(t, "<eos>"), 262);
    assert_int_equal(m6_tokenizer_special(t, "<tool>"), 264);
    assert_int_equal(m6_tokenizer_special(t, "ab"), -1);
    assert_int_equal(m6_tokenizer_decode(t, ids, 7, out, sizeof out), 8);
    assert_string_equal(out, "ab<tool>");
    assert_int_equal(m6_tokenizer_decode(t, ids, 7, out, 4), 8);
    assert_string_equal(out, "ab<");
    assert_int_equal(m6_tokenizer_decode(t, ids, 7, NULL, 0), 8);
    assert_true(m6_tokenizer_is_special(t, 262) && !m6_tokenizer_is_special(t, 264) && !m6_tokenizer_is_special(t, -1));
    int size;
    assert_memory_equal(m6_tokenizer_token(t, 256, &size), "ab", 2);
    assert_int_equal(size, 2);
    m6_tokenizer_token(t, 263, &size);
    assert_int_equal(size, 0);
    m6_tokenizer_destroy(t);
}

static void counts_beyond_the_room_given(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    int32_t id[3] = {0, 0, -7};
    assert_int_equal(m6_tokenizer_encode(t, "x y z", 5, id, 2), 5);
    assert_int_equal(id[0], 120);
    assert_int_equal(id[2], -7);
    assert_int_equal(m6_tokenizer_encode(t, "x y z", 5, NULL, 0), 5);
    m6_tokenizer_destroy(t);
}

/* Bytes that are no UTF-8 are pieces of their own; everything comes back as it was. */
static void falls_back_to_bytes(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    expect(t, "a\xff\xfe" "bc", 5, "97 255 254 257");
    expect(t, "\xe7\x8c", 2, "231 140");
    expect(t, "\xed\xa0\x80", 3, "237 160 128");
    expect(t, "a\0b", 3, "97 0 98");
    expect(t, "\xe7\x8c\xab\xe7", 4, "231 140 171 231");
    m6_tokenizer_destroy(t);
}

static void splits_by_expression(void **state)
{
    struct parts p = simple;
    p.pre = SPLIT("\\\\p{N}| ?\\\\p{L}+");
    struct m6_tokenizer *t = load(&p);
    expect(t, "ab ab12", 7, "256 32 256 49 50");
    expect(t, "\xe7\x8c\xab" "a", 4, "231 140 171 97");
    m6_tokenizer_destroy(t);
    p.pre = SPLIT("b(?=c)|x*");
    t = load(&p);
    expect(t, "abc", 3, "97 98 99");
    m6_tokenizer_destroy(t);
    p.pre = "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"String\":\".\"},\"behavior\":"
            "\"Isolated\"},{\"type\":\"Digits\",\"individual_digits\":true},{\"type\":\"ByteLevel\",\"add_prefix_space\":"
            "false,\"use_regex\":false}]}";
    t = load(&p);
    expect(t, "ab.bc1a a", 9, "256 46 257 49 97 259");
    m6_tokenizer_destroy(t);
    p.model = "\"ignore_merges\":true,";
    p.merges = "";
    t = load(&p);
    expect(t, "abc", 3, "258");
    m6_tokenizer_destroy(t);
}

/* Merging must not cost the square of a word's length. */
static void long_words_do_not_stall(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    enum { SIZE = 200000 };
    char *word = malloc(SIZE);
    int32_t *id = malloc(SIZE * sizeof *id);
    memset(word, 'a', SIZE);
    const clock_t begin = clock();
    assert_int_equal(m6_tokenizer_encode(t, word, SIZE, id, SIZE), SIZE / 4);
    for (int i = 0; i < SIZE / 4; i++)
        assert_int_equal(id[i], 261);
    memset(word, ' ', SIZE);
    assert_int_equal(m6_tokenizer_encode(t, word, SIZE, id, SIZE), SIZE);
    memset(word, '\xff', SIZE);
    assert_int_equal(m6_tokenizer_encode(t, word, SIZE, id, SIZE), SIZE);
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 5);
    free(word);
    free(id);
    m6_tokenizer_destroy(t);
}

/* Long words go another way through the merges than short ones: both must agree. */
static void both_ways_of_merging_agree(void **state)
{
    struct m6_tokenizer *t = load(&simple);
    unsigned seed = 1;
    for (int round = 0; round < 200; round++) {
        char word[400];
        int32_t whole[400], part[400];
        int n = 0;
        /* "xabc" blocks do not merge with each other, so the pieces of the long word are those of its blocks */
        const int blocks = 20 + round % 10;
        int count = 0;
        for (int b = 0; b < blocks; b++) {
            const int from = n;
            word[n++] = 'x';
            for (int i = 0; i < 8; i++) {
                seed = seed * 1664525u + 1013904223u;
                word[n++] = "abc"[(seed >> 24) % 3];
            }
            count += m6_tokenizer_encode(t, word + from, (size_t)(n - from), part + count, 400 - count);
        }
        assert_int_equal(m6_tokenizer_encode(t, word, (size_t)n, whole, 400), count);
        assert_memory_equal(whole, part, (size_t)count * sizeof *part);
    }
    m6_tokenizer_destroy(t);
}

/* What changes nothing is no normalizer. */
static void takes_an_empty_normalizer(void **state)
{
    struct parts p = simple;
    p.normalizer = "{\"type\":\"Sequence\",\"normalizers\":[]}";
    struct m6_tokenizer *t = load(&p);
    expect(t, "abc", 3, "258");
    m6_tokenizer_destroy(t);
}

static const struct {
    struct parts parts;
    enum m6_status status;
    const char *says;
} bad[] = {
    {{.pre = "null"}, M6_ERR_UNSUPPORTED, "no pre-tokenizer"},
    {{.pre = "{}"}, M6_ERR_FORMAT, "without a type"},
    {{.pre = "{\"type\":\"Metaspace\"}"}, M6_ERR_UNSUPPORTED, "Metaspace"},
    {{.pre = "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}"}, M6_ERR_UNSUPPORTED, "add_prefix_space"},
    {{.pre = "{\"type\":\"Sequence\",\"pretokenizers\":[]}"}, M6_ERR_UNSUPPORTED, "does not end in ByteLevel"},
    {{.pre = "{\"type\":\"Sequence\",\"pretokenizers\":[" BYTE_LEVEL ",{\"type\":\"Digits\"}]}"}, M6_ERR_UNSUPPORTED,
     "after ByteLevel"},
    {{.pre = SPLIT("(")}, M6_ERR_FORMAT, "pattern fails"},
    {{.pre = SPLIT("")}, M6_ERR_FORMAT, "no pattern"},
    {{.pre = "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"MergedWithNext\"}"}, M6_ERR_UNSUPPORTED,
     "MergedWithNext"},
    {{.vocab = "\"ab\":\"x\""}, M6_ERR_FORMAT, "whole number"},
    {{.vocab = "\"ab\":-1"}, M6_ERR_FORMAT, "whole number"},
    {{.vocab = "\"ab\":1.5"}, M6_ERR_FORMAT, "whole number"},
    {{.vocab = "\"ab\":1e9"}, M6_ERR_FORMAT, "whole number"},
    {{.vocab = "\"ab\":97"}, M6_ERR_FORMAT, "taken"},
    {{.vocab = "\"a\":300"}, M6_ERR_FORMAT, "twice"},
    {{.vocab = "\"\":300"}, M6_ERR_FORMAT, "alphabet"},
    {{.vocab = "\"\xe7\x8c\xab\":300"}, M6_ERR_FORMAT, "alphabet"},
    {{.merges = "1"}, M6_ERR_FORMAT, "merge 0"},
    {{.merges = "\"ab\""}, M6_ERR_FORMAT, "merge 0"},
    {{.merges = "\"a b c\""}, M6_ERR_FORMAT, "merge 0"},
    {{.merges = "[\"a\"]"}, M6_ERR_FORMAT, "merge 0"},
    {{.merges = "[\"a\",1]"}, M6_ERR_FORMAT, "merge 0"},
    {{.merges = "\"a b\""}, M6_ERR_FORMAT, "lacks"},
    {{.merges = "\" b\""}, M6_ERR_FORMAT, "alphabet"},
    {{.vocab = "\"ab\":256", .merges = "\"a b\",\"a b\""}, M6_ERR_FORMAT, "occurs twice"},
    {{.added = "{}"}, M6_ERR_FORMAT, "added_tokens"},
    {{.added = "[{\"id\":300}]"}, M6_ERR_FORMAT, "without content"},
    {{.added = "[{\"content\":\"x\"}]"}, M6_ERR_FORMAT, "whole number"},
    {{.added = "[{\"id\":300,\"content\":\"<x>\"},{\"id\":300,\"content\":\"<y>\"}]"}, M6_ERR_FORMAT, "of another"},
    {{.added = "[{\"id\":300,\"content\":\"<x>\"},{\"id\":301,\"content\":\"<x>\"}]"}, M6_ERR_FORMAT, "twice"},
    {{.added = "[{\"id\":300,\"content\":\"a\"}]"}, M6_ERR_FORMAT, "taken"},
    {{.added = "[{\"id\":97,\"content\":\"a\"}]"}, M6_ERR_FORMAT, "no token for the byte 0x61"},
    {{.normalizer = "{\"type\":\"NFC\"}"}, M6_ERR_UNSUPPORTED, "the normalizer \"NFC\""},
    {{.normalizer = "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"}]}"}, M6_ERR_UNSUPPORTED, "Sequence"},
    {{.normalizer = "{\"type\":\"Lowercase\",\"normalizers\":[]}"}, M6_ERR_UNSUPPORTED, "Lowercase"},
    {{.normalizer = "\"NFC\""}, M6_ERR_UNSUPPORTED, "normalizer"},
    {{.normalizer = "{}"}, M6_ERR_UNSUPPORTED, "normalizer"},
    {{.model = "\"dropout\":0.1,"}, M6_ERR_UNSUPPORTED, "dropout"},
    {{.model = "\"end_of_word_suffix\":\"</w>\","}, M6_ERR_UNSUPPORTED, "end_of_word_suffix"},
};

static void refuses_what_it_cannot_do(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct m6_tokenizer *t;
        struct m6_error err = {""};
        char *text = document(&bad[i].parts);
        const enum m6_status status = m6_tokenizer_parse(&t, text, strlen(text), "test", &err);
        free(text);
        if (status != bad[i].status || !strstr(err.text, bad[i].says))
            fail_msg("case %zu (%s) gave %s: %s", i, bad[i].says, m6_status_name(status), err.text);
        assert_null(t);
    }
    static const char *const texts[] = {"", "{", "null", "[]", "{}", "{\"model\":1}", "{\"model\":{}}",
                                        "{\"model\":{\"type\":\"BPE\",\"vocab\":{},\"merges\":{}}}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct m6_tokenizer *t;
        struct m6_error err = {""};
        assert_int_equal(m6_tokenizer_parse(&t, texts[i], strlen(texts[i]), "test", &err), M6_ERR_FORMAT);
        assert_true(err.text[0]);
    }
    struct m6_tokenizer *t;
    struct m6_error err = {""};
    const char *unigram = "{\"model\":{\"type\":\"Unigram\"}}";
    assert_int_equal(m6_tokenizer_parse(&t, unigram, strlen(unigram), "test", &err), M6_ERR_UNSUPPORTED);
    assert_int_equal(m6_tokenizer_load(&t, "/nowhere/tokenizer.json", &err), M6_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_by_rank),
        cmocka_unit_test(takes_specials_literally),
        cmocka_unit_test(counts_beyond_the_room_given),
        cmocka_unit_test(falls_back_to_bytes),
        cmocka_unit_test(splits_by_expression),
        cmocka_unit_test(long_words_do_not_stall),
        cmocka_unit_test(both_ways_of_merging_agree),
        cmocka_unit_test(takes_an_empty_normalizer),
        cmocka_unit_test(refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
