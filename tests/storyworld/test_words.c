/* sw_word covers every word that the texts contain, and has none twice. */
#include <ctype.h>

#include "test.h"

static int known(const char *word, size_t n, enum sw_lang lang)
{
    const char *w;

    for (int i = 0; (w = sw_word(i, lang)); i++)
        if (strlen(w) == n && !strncmp(w, word, n))
            return 1;
    return 0;
}

static void check_english(const char *text)
{
    char word[64];
    size_t n = 0;

    for (;; text++) {
        if (isalnum((unsigned char)*text) ||
            (*text == '-' && n && isalpha((unsigned char)text[1]))) {
            assert_true(n < sizeof word - 1);
            word[n++] = (char)tolower((unsigned char)*text);
            continue;
        }
        word[n] = 0;
        if (n && !known(word, n, SW_EN))
            fail_msg("sw_word lacks \"%s\"", word);
        n = 0;
        if (!*text)
            return;
    }
}

/* Length of the UTF-8 character at p if it is a Chinese character, else 0. */
static size_t chinese(const char *p)
{
    unsigned char c = (unsigned char)*p;

    return c >= 0xe4 && c <= 0xe9 ? 3 : 0;
}

static void check_chinese(const char *text)
{
    while (*text) {
        if (chinese(text)) {
            size_t longest = 0;
            const char *w;
            if (!known(text, 3, SW_ZH))
                fail_msg("sw_word lacks the character %.3s", text);
            for (int i = 0; (w = sw_word(i, SW_ZH)); i++)
                if (strlen(w) > longest && !strncmp(text, w, strlen(w)))
                    longest = strlen(w);
            text += longest;
        } else if (isalnum((unsigned char)*text)) {
            char word[32];
            size_t n = 0;
            while (isalnum((unsigned char)*text) && n < sizeof word - 1)
                word[n++] = (char)tolower((unsigned char)*text++);
            word[n] = 0;
            if (!known(word, n, SW_ZH))
                fail_msg("sw_word lacks \"%s\" in Chinese", word);
        } else {
            text++;
        }
    }
}

static void check(const char *text, enum sw_lang lang)
{
    if (lang == SW_ZH)
        check_chinese(text);
    else
        check_english(text);
}

static void every_word_is_listed(void **state)
{
    struct sw_script *script = malloc(sizeof *script);
    char text[SW_TEXT_MAX], answer[SW_TEXT_MAX];

    assert_non_null(script);
    for (uint64_t seed = 0; seed < 3000; seed++)
        for (int lang = 0; lang < SW_LANGS; lang++) {
            enum sw_lang l = (enum sw_lang)lang;
            struct sw_scene scene;
            sw_scene_random(&scene, SW_TRAIN, (int)(seed & 1), seed);
            sw_caption(&scene, l, (int)(seed & 1), text, sizeof text);
            check(text, l);
            sw_prompt(&scene, l, seed % 3 == 0, seed, text, sizeof text);
            check(text, l);
            if (!sw_ask(&scene, (enum sw_question)(seed % SW_QUESTIONS), l, 1, seed, text, answer,
                        sizeof text)) {
                check(text, l);
                check(answer, l);
            }
            if (seed % 5 == 0) {
                sw_script_random(script, SW_TRAIN, l, seed);
                check(script->idea, l);
                check(script->fountain, l);
            }
        }
    free(script);
}

static void no_word_is_listed_twice(void **state)
{
    const char *a, *b;

    for (int lang = 0; lang < SW_LANGS; lang++)
        for (int i = 0; (a = sw_word(i, (enum sw_lang)lang)); i++)
            for (int j = 0; j < i && (b = sw_word(j, (enum sw_lang)lang)); j++)
                assert_string_not_equal(a, b);
    assert_null(sw_word(-1, SW_EN));
    assert_null(sw_word(100000, SW_ZH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_word_is_listed),
                                       cmocka_unit_test(no_word_is_listed_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
