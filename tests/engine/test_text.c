/* UTF-8, streams of text, the lexicon. */
#include <cjson/cJSON.h>
#include <string.h>

#include "support.h"
#include "text/lexicon.h"
#include "text/stream.h"
#include "text/utf8.h"

static void tells_utf8_from_bytes(void **state)
{
    static const struct {
        const char *text;
        size_t valid, incomplete;
    } cases[] = {
        {"", 0, 0},           {"abc", 3, 0},           {"\xe7\x8c\xab", 3, 0},   {"a\xe7\x8c", 1, 2},
        {"a\xe7", 1, 1},      {"\xf0\x9f\x98", 0, 3},  {"\xf0\x9f\x98\x80", 4, 0}, {"\xc0\x80", 0, 0},
        {"\xe0\x80\x80", 0, 0}, {"\xed\xa0\x80", 0, 0}, {"\xed\xa0", 0, 0},       {"\xf4\x90\x80\x80", 0, 0},
        {"\xf5", 0, 0},       {"\x80", 0, 0},          {"ok\xff", 2, 0},         {"\xc3", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(m6_utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
        assert_int_equal(m6_utf8_incomplete(cases[i].text, strlen(cases[i].text)), cases[i].incomplete);
    }
    for (uint32_t cp = 0; cp < 0x110000; cp += cp < 0x3000 ? 1 : 97) {
        char out[4];
        uint32_t back = 0;
        if (cp >= 0xd800 && cp < 0xe000)
            continue;
        const int n = m6_utf8_write(cp, out);
        assert_int_equal(m6_utf8_char(out, (size_t)n, &back), n);
        assert_int_equal(back, cp);
        assert_int_equal(m6_utf8_char(out, (size_t)n - 1, NULL), 0);
    }
}

/* Pushes the text in pieces of `step` bytes; what left is in out. */
static int stream(const char *stop, const char *text, size_t step, char *out)
{
    struct m6_stream s;
    const char *piece;
    int stopped = 0;
    out[0] = '\0';
    assert_int_equal(m6_stream_init(&s, stop), M6_OK);
    for (size_t at = 0; at < strlen(text) && !stopped; at += step) {
        const size_t left = strlen(text) - at;
        assert_int_equal(m6_stream_push(&s, text + at, left < step ? left : step, &piece, &stopped), M6_OK);
        assert_int_equal(m6_utf8_valid(piece, strlen(piece)), strlen(piece));
        strcat(out, piece);
    }
    if (!stopped) {
        assert_int_equal(m6_stream_flush(&s, &piece), M6_OK);
        strcat(out, piece);
    }
    m6_stream_finish(&s);
    return stopped;
}

static void streams_whole_characters(void **state)
{
    static const struct {
        const char *stop, *text, *out;
        int stopped;
    } cases[] = {
        {NULL, "hello", "hello", 0},
        {"", "hello", "hello", 0},
        {NULL, "\xe7\x8c\xab\xe2\x80\xa6!", "\xe7\x8c\xab\xe2\x80\xa6!", 0},
        {NULL, "a\xff" "b", "a\xef\xbf\xbd" "b", 0},
        {NULL, "cut \xe7\x8c", "cut \xef\xbf\xbd\xef\xbf\xbd", 0},
        {"\n\n", "one\ntwo\n\nthree", "one\ntwo", 1},
        {"stop", "st sto stopped", "st sto ", 1},
        {"aab", "aaab", "a", 1},
        {"x", "none of it", "none of it", 0},
        {"ends", "it end", "it end", 0},
        {"\xe7\x8c\xab", "a \xe7\x8c\xab b", "a ", 1},
    };
    char out[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step < 6; step++) {
            assert_int_equal(stream(cases[i].stop, cases[i].text, step, out), cases[i].stopped);
            assert_string_equal(out, cases[i].out);
        }
}

static void lets_text_go_at_once(void **state)
{
    struct m6_stream s;
    const char *piece;
    int stopped;
    assert_int_equal(m6_stream_init(&s, "END"), M6_OK);
    m6_stream_push(&s, "abE", 3, &piece, &stopped);
    assert_string_equal(piece, "ab");
    m6_stream_push(&s, "x", 1, &piece, &stopped);
    assert_string_equal(piece, "Ex");
    m6_stream_push(&s, "", 0, &piece, &stopped);
    assert_string_equal(piece, "");
    m6_stream_finish(&s);
}

#define CAT "\xe7\x8c\xab"
#define DOG "\xe7\x8b\x97"
#define RED "\xe7\xba\xa2\xe8\x89\xb2"
#define BUS "\xe5\xb7\xb4\xe5\xa3\xab"

static void names_unknown_words(void **state)
{
    static const struct {
        const char *text, *unknown;
        int known, count;
    } cases[] = {
        {"A red cat", "", 2, 0},
        {"red cats, buses & DOGS", "", 4, 0},
        {"the cat's dog", "the", 2, 1},
        {"the cat\xe2\x80\x99s dog", "the", 2, 1},
        {"a dragon, a Dragon and a spaceship", "dragon, and, spaceship", 0, 3},
        {"7 cats 42", "", 1, 0},
        {"na\xc3\xafve cat", "na\xc3\xafve", 1, 1},
        {"", "", 0, 0},
        {"!? 12", "", 0, 0},
        {RED CAT, "", 2, 0},
        {RED "\xe7\x9a\x84" CAT, "\xe7\x9a\x84", 2, 1},
        {BUS "\xef\xbc\x8c" DOG, "", 2, 0},
        {"\xe7\xba\xa2" CAT, "\xe7\xba\xa2", 1, 1},
        {"red" CAT "x", "x", 2, 1},
        {"don't", "don", 0, 1},
        {"\xd0\xba\xd0\xbe\xd1\x82 cat", "\xd0\xba\xd0\xbe\xd1\x82", 1, 1}, /* Cyrillic */
        {"\xe3\x81\xad\xe3\x81\x93", "\xe3\x81\xad\xe3\x81\x93", 0, 1},     /* kana */
        {"\xf0\x9f\x90\xb1", "\xf0\x9f\x90\xb1", 0, 1},                         /* a pictograph */
        {"\xef\xbd\x92\xef\xbd\x85\xef\xbd\x84", "\xef\xbd\x92\xef\xbd\x85\xef\xbd\x84", 0, 1}, /* full width */
        {"a", "", 0, 0},
    };
    cJSON *words = cJSON_Parse("{\"en\":[\"red\",\"cat\",\"dog\",\"Bus\",\"a\"],\"zh\":[\"" CAT "\",\"" DOG "\",\"" RED
                               "\",\"" BUS "\"]}");
    struct m6_lexicon lexicon;
    assert_ok(m6_lexicon_init(&lexicon, words, "test", &said));
    cJSON_Delete(words);
    assert_string_equal(lexicon.hint, "red, cat, dog, bus, " CAT ", " DOG ", " RED ", " BUS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        int known;
        assert_int_equal(m6_lexicon_unknown(&lexicon, cases[i].text, out, sizeof out, &known), cases[i].count);
        assert_string_equal(out, cases[i].unknown);
        assert_int_equal(known, cases[i].known);
    }
    char out[16];
    assert_int_equal(m6_lexicon_unknown(&lexicon, "elephant spaceship", out, sizeof out, NULL), 2);
    assert_string_equal(out, "elephant");
    assert_int_equal(m6_lexicon_unknown(&lexicon, "elephant", NULL, 0, NULL), 1);
    m6_lexicon_finish(&lexicon);
}

static void refuses_odd_lexicons(void **state)
{
    static const char *const bad[] = {"[]", "{\"en\":{}}", "{\"en\":[1]}", "{\"zh\":[\"\"]}", "{\"zh\":[\"\xff\"]}"};
    struct m6_lexicon lexicon;
    struct m6_error err;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *words = cJSON_Parse(bad[i]);
        assert_non_null(words);
        assert_int_equal(m6_lexicon_init(&lexicon, words, "test", &err), M6_ERR_FORMAT);
        cJSON_Delete(words);
    }
    char out[8];
    int known;
    assert_ok(m6_lexicon_init(&lexicon, NULL, "test", &said));
    assert_int_equal(m6_lexicon_unknown(&lexicon, "anything", out, sizeof out, &known), 0);
    m6_lexicon_finish(&lexicon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_utf8_from_bytes), cmocka_unit_test(streams_whole_characters),
        cmocka_unit_test(lets_text_go_at_once),  cmocka_unit_test(names_unknown_words),
        cmocka_unit_test(refuses_odd_lexicons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
