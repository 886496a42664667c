#include "fuzz.h"
#include "io/safetensors.h"

/* Every byte of an accepted file belongs to one tensor, and can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct m6_safetensors *s;
    struct m6_error err = {""};
    if (m6_safetensors_parse(&s, data, size, "fuzz", &err)) {
        fuzz_check(err.text[0]);
        return 0;
    }
    size_t bytes = 0;
    volatile uint8_t sum = 0;
    for (int i = 0; i < m6_safetensors_count(s); i++) {
        const struct m6_stensor *t = m6_safetensors_at(s, i);
        const uint8_t *p = t->data;
        fuzz_check(t->dims <= M6_DIMS_MAX && m6_safetensors_find(s, t->name) == t);
        fuzz_check(p >= data && p + t->bytes <= data + size);
        for (size_t k = 0; k < t->bytes; k++)
            sum = (uint8_t)(sum + p[k]);
        bytes += t->bytes;
    }
    fuzz_check(bytes + 8 <= size);
    m6_safetensors_metadata(s, "format");
    m6_safetensors_close(s);
    return 0;
}
