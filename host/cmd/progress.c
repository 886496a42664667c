#include "progress.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 24 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int enabled, visible;
static char current[96];
static double began, drawn;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_init(int quiet)
{
    const char *term = getenv("TERM");
    enabled = !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static void clear_locked(void)
{
    if (visible)
        fputs("\r\033[K", stderr);
    visible = 0;
}

void progress_show(const char *what, double done, double total)
{
    if (!enabled)
        return;
    pthread_mutex_lock(&lock);
    const double t = now();
    const int changed = strncmp(current, what, sizeof current - 1) != 0;
    if (changed) {
        snprintf(current, sizeof current, "%s", what);
        began = t;
    }
    /* Work that ends at once needs no line, and ten of them a second are enough. */
    if (t - began >= 0.25 && (t - drawn >= 0.1 || changed)) {
        const double share = total > 0 ? done < total ? done / total : 1 : 0;
        const int filled = (int)(share * BAR);
        char bar[BAR + 1];
        for (int i = 0; i < BAR; i++)
            bar[i] = i < filled ? '#' : '.';
        bar[BAR] = '\0';
        clear_locked();
        if (total > 0) {
            fprintf(stderr, "%s [%s] %3.0f %%", current, bar, share * 100);
            if (share > 0.02 && share < 1)
                fprintf(stderr, "  %.0f s left", (t - began) * (1 - share) / share);
        } else {
            fprintf(stderr, "%s … %.0f s", current, t - began);
        }
        fflush(stderr);
        visible = 1;
        drawn = t;
    }
    pthread_mutex_unlock(&lock);
}

void progress_clear(void)
{
    if (!enabled)
        return;
    pthread_mutex_lock(&lock);
    clear_locked();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}
