/* A host of frei0r filters, for what real ones do rarely or by chance.
 *
 *     harness rules PLUGIN           parameters, sizes and setters, without a host
 *     harness callers                which host is taken for what
 *     harness options STRING TEXT    the prompt of a string of options is that text
 *     harness absent PLUGIN          no host: a slate, soon, and the frame with on_error=pass
 *     harness disorder PLUGIN        instances in threads, times out of order: each frame as in order
 *     harness slices PLUGIN          one instance called by several threads at once
 *     harness cycles PLUGIN N        looks, opens, draws and closes, as hosts do
 */
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "caller.h"
#include "frei0r.h"
#include "gen_options.h"

enum { PROMPT, OPTIONS, OPACITY, POSITION, WAIT, W = 64, H = 40, FRAMES = 12, THREADS = 4 };

static struct plugin {
    void *handle;
    int (*init)(void);
    void (*deinit)(void);
    void (*get_plugin_info)(f0r_plugin_info_t *);
    void (*get_param_info)(f0r_param_info_t *, int);
    f0r_instance_t (*construct)(unsigned int, unsigned int);
    void (*destruct)(f0r_instance_t);
    void (*set)(f0r_instance_t, f0r_param_t, int);
    void (*get)(f0r_instance_t, f0r_param_t, int);
    void (*update)(f0r_instance_t, double, const uint32_t *, uint32_t *);
} f;

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            failures++; \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
        } \
    } while (0)

static void symbol(const char *name, void *to)
{
    void *found = dlsym(f.handle, name);
    if (!found) {
        fprintf(stderr, "no %s\n", name);
        exit(1);
    }
    memcpy(to, &found, sizeof found);
}

static void load(const char *path)
{
    f.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!f.handle) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    symbol("f0r_init", &f.init);
    symbol("f0r_deinit", &f.deinit);
    symbol("f0r_get_plugin_info", &f.get_plugin_info);
    symbol("f0r_get_param_info", &f.get_param_info);
    symbol("f0r_construct", &f.construct);
    symbol("f0r_destruct", &f.destruct);
    symbol("f0r_set_param_value", &f.set);
    symbol("f0r_get_param_value", &f.get);
    symbol("f0r_update", &f.update);
    CHECK(f.init() == 1);
}

static void set_text(f0r_instance_t i, int index, const char *text)
{
    char copy[16384];
    char *at = copy;
    snprintf(copy, sizeof copy, "%s", text);
    f.set(i, &at, index);
    memset(copy, 'x', sizeof copy); /* hosts free theirs */
}

static void set_number(f0r_instance_t i, int index, double value)
{
    f.set(i, &value, index);
}

static f0r_instance_t make(const char *prompt, const char *options)
{
    f0r_instance_t i = f.construct(W, H);
    CHECK(i != NULL);
    set_text(i, PROMPT, prompt);
    set_text(i, OPTIONS, options);
    return i;
}

static void fill(uint32_t *frame, uint32_t seed)
{
    for (int n = 0; n < W * H; n++) {
        seed += 2654435761u;
        frame[n] = seed ^ seed >> 7;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int same(const uint32_t *a, const uint32_t *b)
{
    return !memcmp(a, b, W * H * 4);
}

/* ---- without a host ---- */

static void check_rules(void)
{
    f0r_plugin_info_t info;
    f0r_param_info_t param;
    f0r_param_position_t place;
    char *text = NULL;
    double number;
    f.get_plugin_info(&info);
    CHECK(info.plugin_type == F0R_PLUGIN_TYPE_FILTER && info.color_model == F0R_COLOR_MODEL_RGBA8888 && info.frei0r_version == 1);
    for (int i = 0; i < info.num_params; i++) {
        f.get_param_info(&param, i);
        CHECK(param.name[0] && param.explanation[0] && param.type >= F0R_PARAM_BOOL && param.type <= F0R_PARAM_STRING);
    }
    CHECK(!f.construct(0, 10) && !f.construct(10, 0) && !f.construct(40000, 10));
    f.destruct(NULL);
    f0r_instance_t i = f.construct(W, H);
    f.get(i, &text, PROMPT);
    CHECK(text && !*text);
    set_text(i, PROMPT, "a cat");
    f.get(i, &text, PROMPT);
    CHECK(!strcmp(text, "a cat"));
    f.get(i, &number, OPACITY);
    CHECK(number == 1);
    f.get(i, &number, WAIT);
    CHECK(number == 1);
    set_number(i, WAIT, 0.4);
    f.get(i, &number, WAIT);
    CHECK(number == 0);
    set_number(i, OPACITY, 7);
    f.get(i, &number, OPACITY);
    CHECK(number == 1);
    set_number(i, OPACITY, NAN);
    f.get(i, &number, OPACITY);
    CHECK(number == 0);
    place = (f0r_param_position_t){0.25, -3};
    f.set(i, &place, POSITION);
    f.get(i, &place, POSITION);
    CHECK(place.x == 0.25 && place.y == 0);
    text = NULL;
    f.set(i, &text, PROMPT);
    f.set(i, NULL, PROMPT);
    f.set(i, &number, -1);
    f.set(i, &number, info.num_params);
    f.get(i, &number, info.num_params);
    f.get(i, &text, PROMPT);
    CHECK(text && !*text);
    const double start = now();
    char long_text[4000];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (int n = 0; n < 100000; n++) {
        char *at = long_text;
        f.set(i, &at, PROMPT);
        f.set(i, &number, OPACITY);
    }
    CHECK(now() - start < 5); /* half of it setting what is the same */
    f.destruct(i);
}

static void check_callers(void)
{
    static const struct {
        const char *file;
        unsigned int version;
        double second;
        size_t stride;
    } cases[] = {
        {"/usr/lib/x86_64-linux-gnu/libavfilter.so.8", 8u << 16 | 44 << 8, 1000, 80},
        {"libavfilter.so.9", 9u << 16 | 12 << 8, 1000, 66},
        {"libavfilter.so.10", 10u << 16 | 4 << 8, 1000, 66},
        {"libavfilter.so.11", 11u << 16 | 4 << 8, 1000, 66},
        {"libavfilter.so.11", 11u << 16 | 14 << 8, 1, 66},
        {"libavfilter.so.12", 12u << 16, 1, 66},
        {"/opt/ffmpeg/bin/ffmpeg-static", 0, 1000, 66},
        {"/usr/lib/mlt-7/libmltfrei0r.so", 0, 1, 66},
        {"libgstfrei0r.so", 0, 1, 66},
        {"/usr/bin/melt", 0, 1, 66},
        {"", 0, 1, 66},
    };
    struct caller c = {0};
    int64_t ns;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        caller_judge(&c, cases[i].file, cases[i].version);
        if (c.second != cases[i].second || caller_stride(&c, 66) != cases[i].stride) {
            failures++;
            fprintf(stderr, "%s: %g units a second, rows of %zu\n", cases[i].file, c.second, caller_stride(&c, 66));
        }
        CHECK(caller_stride(&c, 64) == 64);
    }
    setenv("M6_FREI0R_TIME", "s", 1);
    caller_judge(&c, "ffmpeg", 0);
    CHECK(c.second == 1 && !caller_time(&c, 2.04, &ns) && ns == 2040000000);
    setenv("M6_FREI0R_TIME", "ms", 1);
    caller_judge(&c, "melt", 0);
    CHECK(c.second == 1000 && !caller_time(&c, -40, &ns) && ns == -40000000);
    CHECK(caller_time(&c, -9.2e20, &ns) && ns == 0);
    CHECK(caller_time(&c, NAN, &ns) && ns == 0);
    caller_find(&c, (const void *)(uintptr_t)check_callers); /* this program */
    CHECK(c.second == 1000 && !c.padded);
}

static void check_options(const char *string, const char *text)
{
    struct m6_gen_options o;
    struct m6_error err = {""};
    m6_gen_options_init(&o);
    if (m6_gen_options_parse(&o, string, &err) || strcmp(o.prompt ? o.prompt : "", text) != 0) {
        failures++;
        fprintf(stderr, "'%s' came as '%s' %s\n", text, o.prompt ? o.prompt : "", err.text);
    }
    m6_gen_options_finish(&o);
}

static void check_absent(void)
{
    uint32_t in[W * H], out[W * H], again[W * H];
    const double start = now();
    fill(in, 1);
    f0r_instance_t i = make("a red cat", "");
    f.update(i, 0, in, out);
    CHECK(!same(in, out));
    f.update(i, 1, in, again);
    CHECK(same(out, again));
    set_text(i, OPTIONS, "on_error=pass");
    f.update(i, 0, in, out);
    CHECK(same(in, out));
    set_text(i, OPTIONS, "on_error=fail");
    f.update(i, 0, in, out);
    CHECK(same(out, again));
    set_text(i, OPTIONS, "seed=x:on_error=pass"); /* not understood, so nothing of it counts */
    f.update(i, 0, in, out);
    CHECK(!same(in, out) && !same(out, again));
    set_text(i, PROMPT, "");
    set_text(i, OPTIONS, "");
    f.update(i, 0, in, out);
    CHECK(!same(in, out) && !same(out, again));
    set_text(i, PROMPT, "\xff\xfe");
    f.update(i, 0, in, again);
    CHECK(!same(in, again) && !same(out, again));
    set_text(i, PROMPT, "a red cat");
    set_number(i, WAIT, 0);
    f.update(i, 0, in, out);
    f.destruct(i);
    i = f.construct(1, 1);
    f.update(i, 0, in, out);
    f.destruct(i);
    CHECK(now() - start < 20);
}

/* ---- with one ---- */

static const char changing[] = "seed=3:every=1:fade=0.5:mode=overlay:w=24:h=16:x=t*2:opacity=0.9";

static void check_disorder_frame(f0r_instance_t i, int n, const uint32_t *frames)
{
    uint32_t in[W * H], out[W * H];
    fill(in, (uint32_t)n);
    set_text(i, PROMPT, "a red cat"); /* as melt does before every frame */
    set_text(i, OPTIONS, changing);
    f.update(i, n / 4.0, in, out);
    if (!same(out, frames + n * W * H)) {
        __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
        fprintf(stderr, "frame %d differs\n", n);
    }
}

struct work {
    pthread_t thread;
    f0r_instance_t shared; /* NULL: one of its own */
    const uint32_t *frames;
    int number;
};

static void *run_work(void *arg)
{
    const struct work *w = arg;
    f0r_instance_t i = w->shared ? w->shared : make("a red cat", changing);
    for (int n = 0; n < FRAMES; n++)
        check_disorder_frame(i, (n * 5 + w->number * 7) % FRAMES, w->frames);
    if (!w->shared)
        f.destruct(i);
    return NULL;
}

static void check_threads(int shared)
{
    static uint32_t frames[FRAMES * W * H];
    struct work work[THREADS];
    uint32_t in[W * H];
    f0r_instance_t i = make("a red cat", changing);
    for (int n = 0; n < FRAMES; n++) {
        fill(in, (uint32_t)n);
        f.update(i, n / 4.0, in, frames + n * W * H);
        CHECK(!same(in, frames + n * W * H));
    }
    for (int n = 0; n < THREADS; n++) {
        work[n] = (struct work){.shared = shared ? i : NULL, .frames = frames, .number = n};
        pthread_create(&work[n].thread, NULL, run_work, &work[n]);
    }
    for (int n = 0; n < THREADS; n++)
        pthread_join(work[n].thread, NULL);
    /* In place, and something else meanwhile. */
    fill(in, 5);
    set_text(i, PROMPT, "a blue bus");
    f.update(i, 5 / 4.0, in, in);
    CHECK(!same(in, frames + 5 * W * H));
    fill(in, 5);
    set_text(i, PROMPT, "a red cat");
    f.update(i, 5 / 4.0, in, in);
    CHECK(same(in, frames + 5 * W * H));
    set_number(i, OPACITY, 0);
    f.update(i, 5 / 4.0, frames, in);
    CHECK(same(in, frames));
    f.destruct(i);
    uint32_t later[W * H];
    i = make("a red cat", "seed=3:every=1");
    f.update(i, 0, frames, in);
    f.update(i, 1, frames, later);
    CHECK(!same(in, later));
    f.update(i, 0.9, frames, later);
    CHECK(same(in, later));
    f.destruct(i);
}

static void check_cycles(const char *path, int count)
{
    uint32_t in[W * H], first[W * H], out[W * H];
    fill(in, 1);
    for (int n = 0; n < count; n++) {
        f0r_instance_t look = f.construct(640, 480), i = make("a red cat", "seed=5");
        f.destruct(look);
        f.update(i, 0, in, n ? out : first);
        CHECK(!n || same(first, out));
        if (n % 2) { /* as MLT does */
            f.deinit();
            f.destruct(i);
        } else {
            f.destruct(i);
            f.deinit();
        }
        dlclose(f.handle);
        load(path);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "callers")) {
        check_callers();
        return failures != 0;
    }
    setenv("M6_FREI0R_TIME", "s", 1); /* a program called ff… would be taken for FFmpeg */
    if (!strcmp(what, "options") && argc > 3) {
        check_options(argv[2], argv[3]);
    } else if (argc > 2) {
        load(argv[2]);
        if (!strcmp(what, "rules"))
            check_rules();
        else if (!strcmp(what, "absent"))
            check_absent();
        else if (!strcmp(what, "disorder") || !strcmp(what, "slices"))
            check_threads(what[0] == 's');
        else if (!strcmp(what, "cycles") && argc > 3)
            check_cycles(argv[2], atoi(argv[3]));
        else
            failures++;
        f.deinit();
        dlclose(f.handle);
    } else {
        failures++;
    }
    return failures != 0;
}
