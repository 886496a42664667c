#include "top_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static int entered, raw_mode, keys, signals = -1;

int top_screen_possible(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static void put(const char *text, size_t size)
{
    while (size) {
        const ssize_t n = write(STDOUT_FILENO, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        text += n;
        size -= (size_t)n;
    }
}

void top_signals_init(void)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct sigaction old;
        /* A shell that starts us in the background, and nohup, ask us to ignore some. */
        if (!sigaction(wanted[i], NULL, &old) && old.sa_handler != SIG_IGN)
            sigaddset(&set, wanted[i]);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void top_screen_enter(void)
{
    static const char on[] = "\033[?1049h\033[?25l\033[2J";
    entered = 1;
    keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &before);
    if (keys) {
        struct termios raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        raw_mode = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    put(on, sizeof on - 1);
}

void top_screen_leave(void)
{
    static const char off[] = "\033[0m\033[?25h\033[?1049l";
    if (!entered)
        return;
    put(off, sizeof off - 1);
    if (raw_mode)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    entered = raw_mode = 0;
}

void top_screen_size(int *width, int *height)
{
    struct winsize size = {0};
    const int known = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row;
    *width = known ? size.ws_col : 80;
    *height = known ? size.ws_row : 24;
}

void top_screen_draw(const char *text)
{
    char *out = NULL;
    size_t size;
    FILE *f = open_memstream(&out, &size);
    if (!f)
        return;
    fputs("\033[H", f);
    /* No newline behind the last line: in the bottom row it would scroll. */
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, "\n");
        fprintf(f, "%.*s\033[K", (int)n, p);
        p += n + (p[n] == '\n');
        if (*p)
            fputs("\r\n", f);
    }
    fputs("\033[J", f);
    if (!fclose(f))
        put(out, size);
    free(out);
}

static enum top_wish on_signal(int *sig)
{
    struct signalfd_siginfo info;
    enum top_wish wish = TOP_NOTHING;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGWINCH) {
            wish = TOP_REDRAW;
        } else if (info.ssi_signo == SIGTSTP) {
            const int had = entered;
            top_screen_leave();
            raise(SIGSTOP);
            if (had)
                top_screen_enter();
            wish = TOP_REDRAW;
        } else {
            *sig = (int)info.ssi_signo;
            return TOP_QUIT;
        }
    }
    return wish;
}

static enum top_wish on_key(void)
{
    char key[64];
    const ssize_t n = read(STDIN_FILENO, key, sizeof key);
    if (n <= 0)
        keys = 0; /* the terminal is gone, or nobody types there */
    for (ssize_t i = 0; i < n; i++)
        if (key[i] == 'q' || key[i] == 'Q' || key[i] == 3)
            return TOP_QUIT;
    return n > 0 ? TOP_REDRAW : TOP_NOTHING;
}

enum top_wish top_screen_wait(int fd, int timeout_ms, int *came, int *sig)
{
    struct pollfd all[] = {{signals, POLLIN, 0}, {fd, POLLIN, 0}, {entered && keys ? STDIN_FILENO : -1, POLLIN, 0}};
    enum top_wish wish = TOP_NOTHING;
    *came = 0;
    if (poll(all, 3, timeout_ms) <= 0)
        return TOP_NOTHING;
    *came = all[1].revents != 0;
    if (all[0].revents)
        wish = on_signal(sig);
    if (wish != TOP_QUIT && all[2].revents)
        wish = on_key() == TOP_QUIT ? TOP_QUIT : TOP_REDRAW;
    return wish;
}
