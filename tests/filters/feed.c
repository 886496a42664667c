/* Feeds against a host that the script has started, or not.
 *     feed draw PROMPT SEED WxH OUT.rgb           one picture, as packed RGB
 *     feed disorder PROMPT SEED COUNT PREFIX      stretches in any order from three threads: PREFIX-K.rgb
 *     feed region IN.rgb WxH X,Y,W,H PROMPT SEED OUT.rgb
 *     feed live PROMPT OTHER                      never waits, and comes to show both
 *     feed fades | late | absent | cache | cancel | interrupt
 *     feed lost PID                               kills the host while it is needed */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pictures.h"

static const int64_t second = 1000000000;

#define check(condition)                                                                                                                                   \
    do {                                                                                                                                                   \
        if (!(condition)) {                                                                                                                                \
            fprintf(stderr, "feed: line %d: not so: %s (%s)\n", __LINE__, #condition, err.text);                                                           \
            exit(1);                                                                                                                                       \
        }                                                                                                                                                  \
    } while (0)

static _Thread_local struct m6_error err;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * second + t.tv_nsec;
}

struct heard {
    int lost, found, drawn, drawing, warnings;
};

static void on_notice(void *arg, const struct m6_feed_notice *n)
{
    struct heard *heard = arg;
    heard->lost += n->type == M6_FEED_LOST;
    heard->found += n->type == M6_FEED_FOUND;
    heard->drawn += n->type == M6_FEED_DRAWN;
    heard->drawing += n->type == M6_FEED_DRAWING;
    heard->warnings += n->type == M6_FEED_WARNING;
}

static struct m6_feed *open_feed(int live, int64_t timeout, struct heard *heard)
{
    const struct m6_feed_params params = {.name = "feed", .live = live, .timeout = timeout, .notice = heard ? on_notice : NULL, .arg = heard, .in_order = 1};
    struct m6_feed *f = m6_feed_create(&params);
    check(f);
    return f;
}

static void put(const char *path, const struct m6_picture *p)
{
    FILE *f = fopen(path, "wb");
    check(f);
    for (int y = 0; y < p->height; y++)
        fwrite(p->rgb + (size_t)y * p->stride, 3, (size_t)p->width, f);
    fclose(f);
}

static struct m6_feed_request ask_for(const char *prompt, const char *seed, const char *size)
{
    struct m6_feed_request r = {.prompt = prompt, .seed = strtoull(seed, NULL, 10)};
    if (size)
        check(sscanf(size, "%dx%d", &r.width, &r.height) == 2);
    return r;
}

static void draw(char **arg)
{
    struct heard heard = {0};
    struct m6_feed *f = open_feed(0, 0, &heard);
    struct m6_feed_request r = ask_for(arg[0], arg[1], arg[2]);
    struct m6_shown s;
    r.time = -5;
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
    check(s.mix == 1 && !s.under && heard.drawn == 1 && heard.drawing > 0 && s.picture->seed == r.seed && s.picture->model[0] && s.picture->latency > 0);
    check(!strcmp(s.picture->prompt, arg[0]));
    put(arg[3], s.picture);
    m6_feed_destroy(f); /* a picture outlives its feed */
    check(s.picture->rgb[0] <= 255);
    m6_shown_finish(&s);
}

struct disorder {
    char **arg;
    int start, step;
};

static void *run_disorder(void *p)
{
    const struct disorder *d = p;
    const struct m6_schedule schedule = {.every = second};
    const int count = atoi(d->arg[2]);
    struct m6_feed *f = open_feed(0, 0, NULL);
    for (int i = 0; i < count; i++) {
        const int k = (d->start + i * d->step) % count;
        struct m6_feed_request r = ask_for(d->arg[0], d->arg[1], NULL);
        struct m6_shown s;
        char path[256];
        r.schedule = &schedule;
        r.time = k * second + 400000000;
        check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
        check(s.stretch.index == k && s.picture->seed == r.seed + (uint64_t)k);
        snprintf(path, sizeof path, "%s-%d-%d.rgb", d->arg[3], d->step, k);
        put(path, s.picture);
        m6_shown_finish(&s);
    }
    m6_feed_destroy(f);
    return NULL;
}

static void disorder(char **arg)
{
    pthread_t thread[3];
    struct disorder way[3] = {{arg, 0, 1}, {arg, 2, 3}, {arg, 3, 2}};
    for (int i = 0; i < 3; i++)
        check(!pthread_create(&thread[i], NULL, run_disorder, &way[i]));
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
}

static void region(char **arg)
{
    struct m6_feed *f = open_feed(0, 0, NULL);
    struct m6_feed_request r = ask_for(arg[3], arg[4], arg[1]);
    struct m6_picture_input *same;
    struct m6_shown s, again;
    int x, y, w, h;
    const size_t bytes = (size_t)r.width * (size_t)r.height * 3;
    uint8_t *rgb = malloc(bytes);
    FILE *in = fopen(arg[0], "rb");
    check(in && rgb && fread(rgb, 1, bytes, in) == bytes && sscanf(arg[2], "%d,%d,%d,%d", &x, &y, &w, &h) == 4);
    fclose(in);
    check(!m6_picture_input_around(&r.input, rgb, r.width, r.height, (size_t)r.width * 3, x, y, w, h, &err));
    check(!m6_picture_input_around(&same, rgb, r.width, r.height, (size_t)r.width * 3, x, y, w, h, &err));
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
    put(arg[5], s.picture);
    /* The same samples again are the same drawing. */
    struct m6_picture_input *first = r.input;
    r.input = same;
    check(m6_feed_show(f, &r, &again, &err) == M6_FEED_SHOWN);
    check(again.picture == s.picture);
    m6_picture_input_unref(first);
    m6_picture_input_unref(same);
    check(m6_picture_input_around(&same, rgb, r.width, r.height, (size_t)r.width * 3, -5, -5, 5, 9999, &err) == M6_ERR_ARGUMENT);
    check(m6_picture_input_around(&same, rgb, r.width, r.height, (size_t)r.width * 3, -5, -5, 99999, 99999, &err) == M6_ERR_ARGUMENT);
    m6_shown_finish(&s);
    m6_shown_finish(&again);
    m6_feed_destroy(f);
    free(rgb);
}

/* Shows frames of 25 Hz, a millisecond apart, until it is so; none may take long. */
static void live_until(struct m6_feed *f, struct m6_feed_request *r, enum m6_feed_state wanted, const char *showing)
{
    for (int64_t end = now() + 60 * second; now() < end; r->time += second / 25) {
        struct m6_shown s;
        const int64_t before = now();
        const enum m6_feed_state state = m6_feed_show(f, r, &s, &err);
        check(now() - before < 250000000); /* the machine's own hiccups */
        check(state != M6_FEED_FAILED);
        const int so = state == wanted && (!showing || (s.picture && !strcmp(s.picture->prompt, showing)));
        m6_shown_finish(&s);
        if (so)
            return;
        usleep(1000);
    }
    snprintf(err.text, sizeof err.text, "never came about");
    check(0);
}

static void live(char **arg)
{
    struct heard heard = {0};
    struct m6_feed *f = open_feed(1, 0, &heard);
    struct m6_feed_request r = ask_for(arg[0], "1", NULL);
    struct m6_shown s;
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_WAITING && !s.picture);
    m6_shown_finish(&s);
    live_until(f, &r, M6_FEED_SHOWN, arg[0]);
    r.prompt = arg[1];
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_STALE && !strcmp(s.picture->prompt, arg[0]));
    m6_shown_finish(&s);
    live_until(f, &r, M6_FEED_SHOWN, arg[1]);
    /* A prompt that changes with every frame still gives pictures. */
    char text[64];
    for (int i = 0, other = 0; !other; i++) {
        snprintf(text, sizeof text, "%s %d", arg[0], i);
        r.prompt = text;
        r.time += second / 25;
        m6_feed_show(f, &r, &s, &err);
        check(s.picture && i < 60000);
        other = strcmp(s.picture->prompt, arg[1]) != 0;
        m6_shown_finish(&s);
        usleep(1000);
    }
    check(heard.drawn >= 2);
    m6_feed_destroy(f);
}

static void fades(char **arg)
{
    struct m6_feed *f = open_feed(0, 0, NULL);
    const struct m6_schedule schedule = {.every = 2 * second};
    struct m6_feed_request r = ask_for("a red cat", "5", NULL);
    struct m6_shown s;
    r.schedule = &schedule;
    r.fade = second;
    r.until = 4 * second;
    static const struct {
        int64_t time;
        double mix;
    } cases[] = {{2500000000, 0.5}, {0, 1}, {500000000, 1}, {2000000000, 0}, {2250000000, 0.25}, {3000000000, 1}, {3999000000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r.time = cases[i].time;
        check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
        check(s.mix == cases[i].mix && !s.under == (s.mix == 1));
        check(s.picture->seed == 5 + (uint64_t)s.stretch.index && (!s.under || s.under->seed == 5));
        m6_shown_finish(&s);
    }
    /* Another prompt comes in over the one before, in the order of frames. */
    r.prompt = "a blue car";
    for (int k = 0; k < 5; k++) {
        r.time = 3 * second + k * second / 8; /* a step back first: nothing is known of before */
        if (k == 1)
            r.prompt = "a red bus";
        check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
        check(k ? s.under && !strcmp(s.under->prompt, "a blue car") && s.mix == (k - 1) / 8.0 : !s.under);
        m6_shown_finish(&s);
    }
    m6_feed_destroy(f);
}

static void late(char **arg)
{
    struct m6_feed *f = open_feed(0, 1000000, NULL);
    struct m6_feed_request r = ask_for("a dog in the snow", "77", "640x360");
    struct m6_shown s;
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_FAILED && strstr(err.text, "timeout"));
    const int64_t before = now();
    for (int i = 0; i < 100 && m6_feed_show(f, &r, &s, &err) == M6_FEED_FAILED; i++)
        ;
    check(now() - before < second);
    enum m6_feed_state state = M6_FEED_FAILED;
    m6_shown_finish(&s);
    for (int64_t end = now() + 60 * second; state != M6_FEED_SHOWN && now() < end; usleep(10000)) {
        m6_shown_finish(&s);
        state = m6_feed_show(f, &r, &s, &err);
    }
    check(state == M6_FEED_SHOWN);
    m6_shown_finish(&s);
    m6_feed_destroy(f);
}

static void absent(char **arg)
{
    for (int live = 0; live < 2; live++) {
        struct heard heard = {0};
        struct m6_feed *f = open_feed(live, 0, &heard);
        struct m6_feed_request r = ask_for("a cat", "1", NULL);
        struct m6_shown s;
        int64_t end = now() + 5 * second;
        enum m6_feed_state state;
        do
            state = m6_feed_show(f, &r, &s, &err);
        while (state == M6_FEED_WAITING && now() < end);
        check(state == M6_FEED_FAILED && err.text[0] && !s.picture && heard.lost == 1);
        m6_feed_destroy(f);
    }
    struct m6_feed *f = open_feed(0, 0, NULL);
    struct m6_feed_request r = {0};
    struct m6_shown s;
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_FAILED && strstr(err.text, "prompt"));
    r.prompt = "a \xff cat";
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_FAILED && strstr(err.text, "UTF-8"));
    m6_feed_destroy(f);
    m6_feed_destroy(NULL);
    printf("%s\n", err.text);
}

static void cache(char **arg)
{
    struct m6_feed *a = open_feed(0, 0, NULL), *b = open_feed(0, 0, NULL);
    struct m6_shown s, t;
    const size_t picture = 320 * 180 * 3;
    struct m6_feed_request r = ask_for("a cat", "0", "320x180");
    for (r.seed = 0; r.seed < 4; r.seed++) {
        check(m6_feed_show(a, &r, &s, &err) == M6_FEED_SHOWN);
        check(m6_feed_show(b, &r, &t, &err) == M6_FEED_SHOWN && s.picture == t.picture);
        m6_shown_finish(&s);
        m6_shown_finish(&t);
    }
    check(m6_pictures_cached() == 4 * picture);
    m6_pictures_set_bound(2 * picture);
    check(m6_pictures_cached() == 2 * picture);
    m6_pictures_set_bound(0); /* what is held stays */
    check(m6_pictures_cached() == picture);
    m6_feed_destroy(a);
    m6_feed_destroy(b);
    check(m6_pictures_cached() == 0);
    /* A host with another model than the one asked for says so, once. */
    const struct m6_feed_params params = {.name = "feed", .model = "/models/elsewhere"};
    a = m6_feed_create(&params);
    check(m6_feed_show(a, &r, &s, &err) == M6_FEED_FAILED && strstr(err.text, "not elsewhere"));
    const int64_t before = now();
    check(m6_feed_show(a, &r, &s, &err) == M6_FEED_FAILED && now() - before < 100000000);
    m6_feed_destroy(a);
}

static void cancel(char **arg)
{
    struct m6_feed *f = open_feed(0, 0, NULL), *keeper = open_feed(0, 0, NULL);
    struct m6_feed_request r = ask_for("a blue bus", "9", NULL);
    struct m6_shown s;
    check(m6_feed_show(keeper, &r, &s, &err) == M6_FEED_SHOWN); /* a connection that stays */
    m6_shown_finish(&s);
    for (int i = 0; i < 20; i++) {
        r.seed = 100 + (uint64_t)i;
        m6_feed_ask(f, &r);
    }
    m6_feed_destroy(f);
    usleep(500000);
    m6_feed_destroy(keeper);
}

static void *interrupt_soon(void *feed)
{
    usleep(50000);
    m6_feed_interrupt(feed, 1);
    return NULL;
}

static void interrupt(char **arg)
{
    struct m6_feed *f = open_feed(0, 0, NULL);
    struct m6_feed_request r = ask_for("a bus", "3", "1920x1080");
    struct m6_shown s;
    pthread_t thread;
    m6_feed_ask(f, &r);
    check(!pthread_create(&thread, NULL, interrupt_soon, f));
    const enum m6_feed_state state = m6_feed_show(f, &r, &s, &err);
    pthread_join(thread, NULL);
    check(state == M6_FEED_INTERRUPTED);
    m6_feed_interrupt(f, 0);
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
    m6_shown_finish(&s);
    m6_feed_destroy(f);
}

static void lost(char **arg)
{
    struct heard heard = {0};
    struct m6_feed *f = open_feed(0, 0, &heard);
    struct m6_feed_request r = ask_for("a blue cat", "1", NULL);
    struct m6_shown s;
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN);
    m6_shown_finish(&s);
    r.seed = 2;
    m6_feed_ask(f, &r);
    kill(atoi(arg[0]), SIGKILL);
    /* Another is started by libm6, and draws what the first one left. */
    check(m6_feed_show(f, &r, &s, &err) == M6_FEED_SHOWN && s.picture->seed == 2);
    check(heard.lost == heard.found);
    m6_shown_finish(&s);
    m6_feed_destroy(f);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(char **arg);
        int args;
    } ways[] = {{"draw", draw, 4}, {"disorder", disorder, 4}, {"region", region, 6}, {"live", live, 2}, {"fades", fades, 0}, {"late", late, 0}, {"absent", absent, 0},
                {"cache", cache, 0}, {"cancel", cancel, 0}, {"interrupt", interrupt, 0}, {"lost", lost, 1}};
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++) {
        if (!strcmp(ways[i].name, argv[1]) && argc == ways[i].args + 2) {
            ways[i].run(argv + 2);
            return 0;
        }
    }
    fprintf(stderr, "feed: see the top of feed.c\n");
    return 2;
}
