#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/tokenizer.h"
#include "toy.h"
#include "train/bpe.h"

static const char *const corpus[] = {"A red dog runs. A red cat runs.", "红色的狗在红色的房子里。狗跑。",
                                     "The dog sees 12 red houses!\n\nThe cat, too."};

static void learn(const char *path, const char *const *lexicon)
{
    struct m6_bpe *b;
    assert_int_equal(m6_bpe_create(&b, lexicon, NULL), M6_OK);
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++)
            assert_int_equal(m6_bpe_add(b, corpus[i], strlen(corpus[i]), NULL), M6_OK);
    assert_int_equal(m6_bpe_learn(b, 360, NULL), M6_OK);
    assert_int_equal(m6_bpe_write(b, path, NULL), M6_OK);
    m6_bpe_destroy(b);
}

static void round_trips_through_the_tokenizer(void **state)
{
    static const char *const lexicon[] = {"红色", "的", "狗", "房子", "里", NULL};
    static const char *const texts[] = {"A red dog runs.", "红色的狗", "狗在房子里。", "x\ty  \n é 🐕 \xe9\xbe\x8d 007", ""};
    char folder[M6_PATH_BYTES], path[M6_PATH_BYTES + 16];
    struct m6_tokenizer *t;
    struct m6_error err = {""};
    toy_folder(folder);
    snprintf(path, sizeof path, "%s/t.json", folder);
    learn(path, lexicon);
    assert_int_equal(m6_tokenizer_load(&t, path, &err), M6_OK);
    assert_int_equal(m6_tokenizer_special(t, "<pad>"), 0);
    assert_int_equal(m6_tokenizer_special(t, "<denoise>"), m6_bpe_specials() - 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int32_t id[256];
        char out[256];
        const int n = m6_tokenizer_encode(t, texts[i], strlen(texts[i]), id, 256);
        assert_int_equal(m6_tokenizer_decode(t, id, n, out, sizeof out), strlen(texts[i]));
        assert_string_equal(out, texts[i]);
    }
    int32_t id[16];
    assert_int_equal(m6_tokenizer_encode(t, " dog", 4, id, 16), 1);
    assert_int_equal(m6_tokenizer_encode(t, "红色的狗", 12, id, 16), 3); /* words, never joined */
    m6_tokenizer_destroy(t);
    toy_remove(folder);
}

static void is_deterministic(void **state)
{
    char folder[M6_PATH_BYTES], a[M6_PATH_BYTES + 16], b[M6_PATH_BYTES + 16], *x, *y;
    toy_folder(folder);
    snprintf(a, sizeof a, "%s/a.json", folder);
    snprintf(b, sizeof b, "%s/b.json", folder);
    learn(a, NULL);
    learn(b, NULL);
    assert_int_equal(m6_file_read(a, &x, NULL, NULL), M6_OK);
    assert_int_equal(m6_file_read(b, &y, NULL, NULL), M6_OK);
    assert_string_equal(x, y);
    free(x);
    free(y);
    toy_remove(folder);
}

static void refuses_bad_utf8(void **state)
{
    struct m6_bpe *b;
    struct m6_error err = {""};
    assert_int_equal(m6_bpe_create(&b, NULL, NULL), M6_OK);
    assert_int_equal(m6_bpe_add(b, "a\xff", 2, &err), M6_ERR_FORMAT);
    m6_bpe_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trips_through_the_tokenizer),
                                       cmocka_unit_test(is_deterministic), cmocka_unit_test(refuses_bad_utf8)};
    return cmocka_run_group_tests_name("bpe", tests, NULL, NULL);
}
