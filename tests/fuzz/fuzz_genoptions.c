#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gen_options.h"

/* What was taken can be used: places are within bounds, sizes are those that hosts draw. */
static void use(const struct m6_gen_options *o)
{
    static const int sizes[][2] = {{1, 1}, {66, 50}, {1920, 1080}, {32768, 16}};
    static const int64_t times[] = {INT64_MIN, -1, 0, 40000000, INT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
            int w, h;
            const struct m6_gen_rect r = m6_gen_place(o, sizes[i][0], sizes[i][1], k % 2 ? 0 : 256, k % 2 ? 0 : 144, times[k], (int64_t)k);
            fuzz_check(r.w >= 1 && r.h >= 1 && r.w <= 1 << 20 && r.h <= 1 << 20 && abs(r.x) <= 1 << 20 && abs(r.y) <= 1 << 20);
            m6_gen_draw_size(o, &r, &w, &h);
            fuzz_check((!w || (w >= 16 && w <= 8192)) && (!h || (h >= 16 && h <= 8192)));
            const double opacity = m6_gen_opacity(o, sizes[i][0], sizes[i][1], &r, times[k], 0);
            fuzz_check(opacity >= 0 && opacity <= 1);
            const struct m6_stretch s = m6_schedule_at(&o->schedule, times[k]);
            fuzz_check(s.index >= 0 && s.start < s.end);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct m6_gen_options o;
    struct m6_error err = {""};
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    m6_gen_options_init(&o);
    if (m6_gen_options_parse(&o, text, &err))
        fuzz_check(err.text[0]);
    use(&o);
    m6_gen_options_finish(&o);
    free(text);
    return 0;
}
