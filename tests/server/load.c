/* load SECONDS WORKERS [SEED]: mixed work for a host, as many programs at once would give it: captions and questions of frames in shared
 * memory, drawings, scripts, cancels, clients that come and go, clients that vanish in the middle of a job, status. Prints what became
 * of the jobs; exit status 1 if one failed that should not have, or none was done. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <m6/m6.h>

enum { WIDTH = 320, HEIGHT = 180, AT_ONCE = 6 };

struct counts {
    unsigned done, failed, cancelled, vanished, opened;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned draw(unsigned *state, unsigned below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

/* A frame that no other is like. */
static struct m6_buffer *frame(unsigned *state)
{
    struct m6_buffer *b;
    if (m6_buffer_create(&b, (size_t)WIDTH * HEIGHT * 3, NULL))
        return NULL;
    unsigned char *p = m6_buffer_data(b);
    const unsigned a = draw(state, 256), step = 1 + draw(state, 7);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT * 3; i++)
        p[i] = (unsigned char)(a + i / (WIDTH * 3) * step + i % 3 * 40);
    return b;
}

static int submit(struct m6_client *m6, unsigned *state, uint64_t *job)
{
    static const struct {
        const char *kind, *params;
        int frames;
    } kinds[] = {
        {"caption", "{\"every\": 0}", 1},
        {"caption", "{}", 3},
        {"ask", "{\"question\": \"what color is the cat?\"}", 1},
        {"draw", "{\"prompt\": \"red cat\", \"mode\": \"ar\", \"verbatim\": true, \"seed\": %u}", 0},
        {"draw", "{\"prompt\": \"red cat\", \"steps\": 2, \"seed\": %u}", 0},
        {"script", "{\"idea\": \"red cat\", \"shots\": 1, \"seed\": %u}", 0},
    };
    const unsigned k = draw(state, sizeof kinds / sizeof *kinds);
    struct m6_client_frame frames[3] = {0};
    char params[256];
    struct m6_buffer *b = kinds[k].frames ? frame(state) : NULL;
    for (int i = 0; i < kinds[k].frames; i++)
        frames[i] = (struct m6_client_frame){.size = sizeof *frames, .width = WIDTH, .height = HEIGHT, .buffer = b, .pts = i, .duration = 1};
    const struct m6_client_input input = {.size = sizeof input, .frames = frames, .frame_count = kinds[k].frames, .time_base = {1, 25}};
    snprintf(params, sizeof params, kinds[k].params, draw(state, 1 << 20));
    const struct m6_client_job p = {.size = sizeof p,
                                    .kind = kinds[k].kind,
                                    .params = params,
                                    .inputs = &input,
                                    .input_count = b != NULL,
                                    .priority = (enum m6_client_priority)draw(state, 3)};
    struct m6_error err = {""};
    const int status = m6_submit(m6, &p, job, &err);
    m6_buffer_release(b);
    if (status)
        fprintf(stderr, "load: %s\n", err.text);
    return status;
}

/* One client's life: some jobs, some of them cancelled; it waits for them all, or leaves in the middle. */
static void live(struct counts *n, unsigned *state, double until)
{
    const struct m6_open_params open = {.size = sizeof open, .name = "load", .autostart = -1, .reconnect = -1};
    struct m6_client *m6;
    struct m6_client_event e = {.size = sizeof e};
    struct m6_error err = {""};
    const unsigned jobs = 1 + draw(state, 12), leaves = draw(state, 10) == 0;
    unsigned asked = 0, ended = 0;
    uint64_t last = 0;
    if (m6_open(&m6, &open, &err)) {
        fprintf(stderr, "load: %s\n", err.text);
        n->failed++;
        return;
    }
    n->opened++;
    while (ended < asked || (asked < jobs && now() < until)) {
        while (asked < jobs && asked - ended < AT_ONCE && now() < until) {
            if (submit(m6, state, &last)) {
                n->failed++;
                m6_close(m6);
                return;
            }
            asked++;
            if (!draw(state, 6))
                m6_cancel(m6, last);
            if (!draw(state, 20))
                m6_ask_status(m6, NULL);
        }
        if (leaves && asked > jobs / 2) {
            n->vanished++;
            break;
        }
        if (m6_next(m6, 60000, &e) <= 0) {
            fprintf(stderr, "load: nothing comes\n");
            n->failed++;
            break;
        }
        n->done += e.type == M6_CLIENT_DONE;
        n->cancelled += e.type == M6_CLIENT_CANCELLED;
        if (e.type == M6_CLIENT_FAILED) {
            n->failed++;
            fprintf(stderr, "load: %s\n", e.text);
        }
        ended += e.type == M6_CLIENT_DONE || e.type == M6_CLIENT_CANCELLED || e.type == M6_CLIENT_FAILED;
    }
    m6_close(m6);
}

/* A program that is killed with jobs under way. */
static void vanish(struct counts *n, unsigned *state)
{
    const pid_t child = fork();
    if (!child) {
        const struct m6_open_params open = {.size = sizeof open, .name = "load, to be killed", .autostart = -1, .reconnect = -1};
        struct m6_client *m6;
        uint64_t job;
        if (!m6_open(&m6, &open, NULL))
            for (int i = 0; i < 4; i++)
                submit(m6, state, &job);
        usleep(1000 * draw(state, 200));
        kill(getpid(), SIGKILL);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    n->vanished++;
    draw(state, 2);
}

static int work(double until, unsigned seed, int out)
{
    struct counts n = {0};
    unsigned state = seed * 2654435761u + 1;
    while (now() < until) {
        if (draw(&state, 12))
            live(&n, &state, until);
        else
            vanish(&n, &state);
    }
    return write(out, &n, sizeof n) == sizeof n && !n.failed ? 0 : 1;
}

int main(int argc, char **argv)
{
    const double until = now() + (argc > 1 ? atof(argv[1]) : 10);
    const int workers = argc > 2 ? atoi(argv[2]) : 4;
    struct counts all = {0}, n;
    int out[2], bad = 0, status;
    if (pipe(out))
        return 2;
    for (int i = 0; i < workers; i++)
        if (!fork())
            _exit(work(until, (argc > 3 ? (unsigned)atoi(argv[3]) : 0) + (unsigned)i, out[1]));
    close(out[1]);
    while (read(out[0], &n, sizeof n) == sizeof n) {
        all.done += n.done;
        all.failed += n.failed;
        all.cancelled += n.cancelled;
        all.vanished += n.vanished;
        all.opened += n.opened;
    }
    while (wait(&status) > 0)
        bad |= status;
    printf("clients %u, jobs done %u, cancelled %u, failed %u, clients that vanished %u\n", all.opened, all.done, all.cancelled, all.failed, all.vanished);
    return bad || !all.done;
}
