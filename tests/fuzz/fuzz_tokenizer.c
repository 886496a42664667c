#include <string.h>

#include "fuzz.h"
#include "text/tokenizer.h"

/* The input is a tokenizer.json; what comes behind a NUL, and the input itself, is encoded with it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int32_t id[1 << 16];
    static char back[1 << 17];
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    const size_t json = end ? (size_t)(end - data) : size;
    const char *text = (const char *)data;
    struct m6_tokenizer *t;
    struct m6_error err = {""};
    if (m6_tokenizer_parse(&t, text, json, "fuzz", &err)) {
        fuzz_check(err.text[0]);
        return 0;
    }
    for (size_t from = end ? json + 1 : 0, round = 0; round < 2; round++, from = 0) {
        const size_t length = size - from < (1 << 16) ? size - from : 1 << 16;
        const int n = m6_tokenizer_encode(t, text + from, length, id, 1 << 16);
        fuzz_check(n <= (int)length);
        for (int i = 0; i < n; i++)
            fuzz_check(id[i] >= 0 && id[i] < m6_tokenizer_vocab(t));
        if (n >= 0) /* Split may remove text, but never adds any */
            fuzz_check(m6_tokenizer_decode(t, id, n, back, sizeof back) <= (int)length);
    }
    m6_tokenizer_special(t, "<eos>");
    m6_tokenizer_destroy(t);
    return 0;
}
