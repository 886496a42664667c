/* m6d: one model, resident, for the programs of one user. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/address.h"
#include "queue/runner.h"
#include "server/activation.h"
#include "server/metrics.h"
#include "server/server.h"

static const char usage[] =
    "Usage: m6d [options]\n"
    "Holds one model for all the programs of one user, until it is told to stop (m6 stop, SIGTERM).\n\n"
    "  --socket PATH        where to serve (default: M6_HOST, else XDG_RUNTIME_DIR/m6/host.sock)\n"
    "  --model DIR          model folder or name (default: M6_MODEL, else m6-mini)\n"
    "  --threads N          threads to use; 0: one for each CPU\n"
    "  --lazy               load the model with the first job\n"
    "  --idle-unload S      unload the model after so many seconds without jobs\n"
    "  --idle-exit S        go after so many seconds without jobs and clients\n"
    "  --jobs N             jobs at once (default: 32)\n"
    "  --workers N          queued jobs (m6 … --detach) at once (default: 2)\n"
    "  --metrics WHERE      answer Prometheus at unix:PATH or [127.0.0.1:]PORT (default: M6_METRICS)\n"
    "  --detach             serve in the background, with the log in XDG_STATE_HOME/m6/m6d.log\n"
    "  --ready-fd N         say on this descriptor when clients can connect, or why not\n"
    "  --heartbeat-ms N, --stall-ms N, --drain-ms N   see docs/protocol.md\n"
    "  --version, --help\n";

struct options {
    struct m6_server_params server;
    const char *socket;
    int detach, ready_fd;
};

static struct m6_server *server;

static void log_line(void *arg, int level, const char *message)
{
    static const char *const names[] = {"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
    struct timespec t;
    struct tm day;
    char when[32];
    if (level > 6 && !getenv("M6_DEBUG"))
        return;
    clock_gettime(CLOCK_REALTIME, &t);
    localtime_r(&t.tv_sec, &day);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &day);
    fprintf(stderr, "%s.%03ld m6d[%ld] %s: %s\n", when, t.tv_nsec / 1000000, (long)getpid(), names[level & 7], message);
}

static int read_number(const char *name, const char *text, long max, int scale, int *out)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > max) {
        fprintf(stderr, "m6d: --%s wants a number from 0 to %ld, not '%.64s'\n", name, max, text);
        return -1;
    }
    *out = (int)value * scale;
    return 0;
}

/* 0: go on; else an exit status, plus one. */
static int parse(struct options *o, int argc, char **argv)
{
    enum { NUMBERS = 256 };
    struct m6_server_params *p = &o->server;
    const struct {
        const char *name;
        long max;
        int scale, *out;
    } numbers[] = {
        {"threads", 1024, 1, &p->host.threads},   {"idle-unload", 2000000, 1000, &p->idle_unload_ms},
        {"idle-exit", 2000000, 1000, &p->idle_exit_ms}, {"jobs", 1024, 1, &p->running_max},
        {"workers", 16, 1, &p->queue_workers},
        {"ready-fd", 1 << 20, 1, &o->ready_fd},   {"heartbeat-ms", 3600000, 1, &p->heartbeat_ms},
        {"stall-ms", 3600000, 1, &p->stall_ms},   {"drain-ms", 3600000, 1, &p->drain_ms},
    };
    enum { COUNT = sizeof numbers / sizeof *numbers };
    struct option options[COUNT + 8] = {
        {"socket", required_argument, NULL, 's'}, {"model", required_argument, NULL, 'm'}, {"lazy", no_argument, NULL, 'l'},
        {"detach", no_argument, NULL, 'd'},       {"version", no_argument, NULL, 'V'},     {"help", no_argument, NULL, 'h'},
        {"metrics", required_argument, NULL, 'p'},
    };
    for (int i = 0; i < COUNT; i++)
        options[7 + i] = (struct option){numbers[i].name, required_argument, NULL, NUMBERS + i};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (c >= NUMBERS) {
            if (read_number(numbers[c - NUMBERS].name, optarg, numbers[c - NUMBERS].max, numbers[c - NUMBERS].scale, numbers[c - NUMBERS].out))
                return 1 + 2;
        } else if (c == 's') {
            o->socket = optarg;
        } else if (c == 'm') {
            p->host.model = optarg;
        } else if (c == 'l') {
            p->lazy = 1;
        } else if (c == 'p') {
            p->metrics = optarg;
        } else if (c == 'd') {
            o->detach = 1;
        } else if (c == 'V' || c == 'h') {
            fputs(c == 'V' ? "m6d " M6_VERSION "\n" : usage, stdout);
            return 1 + 0;
        } else {
            return 1 + 2;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "m6d: '%.64s' is too much; see m6d --help\n", argv[optind]);
        return 1 + 2;
    }
    return 0;
}

/* ---- the background ---- */

static int open_log(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char folder[PATH_MAX], path[PATH_MAX + 16];
    if (state && state[0] == '/')
        snprintf(folder, sizeof folder, "%s/m6", state);
    else if (home && home[0] == '/')
        snprintf(folder, sizeof folder, "%s/.local/state/m6", home);
    else
        return open("/dev/null", O_WRONLY);
    for (char *at = strchr(folder + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(folder, 0755);
        *at = '/';
    }
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/m6d.log", folder);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    return fd < 0 ? open("/dev/null", O_WRONLY) : fd;
}

/* The parent ends at once, so that whoever started it can wait for it and inherits no child. */
static void go_to_background(int ready_fd)
{
    const pid_t child = fork();
    if (child > 0)
        _exit(0);
    if (!child)
        setsid();
    const int null = open("/dev/null", O_RDONLY), log = open_log();
    if (null >= 0)
        dup2(null, 0);
    if (log >= 0) {
        dup2(log, 1);
        dup2(log, 2);
    }
    /* What an editor left open is not ours to keep. */
    const unsigned keep = ready_fd > 2 ? (unsigned)ready_fd : 2;
    if (keep > 3)
        close_range(3, keep - 1, 0);
    close_range(keep + 1, ~0u, 0);
    /* The folder stays: M6_MODEL, M6_PLUGIN_PATH and --model may be relative to it. */
}

static void say_ready(void *arg)
{
    struct options *o = arg;
    activation_notify("READY=1");
    if (o->ready_fd > 2) {
        if (write(o->ready_fd, "ready\n", 6) != 6)
            log_line(NULL, 5, "whoever started this host is gone");
        close(o->ready_fd);
    }
}

static int give_up(const struct options *o, const struct m6_error *err)
{
    fprintf(stderr, "m6d: %s\n", err->text);
    if (o->ready_fd > 2 && write(o->ready_fd, err->text, strlen(err->text)) < 0)
        return 4;
    return 4;
}

/* ---- */

static void on_signal(int sig)
{
    static volatile sig_atomic_t times;
    m6_server_stop(server, times++ > 0);
}

/* The next host should know that this one died of itself. */
static void on_fault(int sig)
{
    runner_note_fault();
    raise(sig);
}

static void set_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, ignore = {.sa_handler = SIG_IGN};
    struct sigaction fault = {.sa_handler = on_fault, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)}, normal = {.sa_handler = SIG_DFL};
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct sigaction was;
        if (!sigaction(faults[i], NULL, &was) && was.sa_handler == SIG_DFL) /* else a sanitizer's */
            sigaction(faults[i], &fault, NULL);
    }
    sigaction(SIGCHLD, &normal, NULL); /* whoever started us may have ignored it, and workers must be waited for */
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow is an error, not the end */
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
}

/* The m6 command stands beside this program. */
static const char *find_command(void)
{
    static char path[PATH_MAX + 4];
    const ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    strcpy(slash + 1, "m6");
    return access(path, X_OK) ? NULL : path;
}

/* Each client, and each frame on its way, takes a descriptor. */
static void raise_limits(void)
{
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    struct options o = {.ready_fd = -1, .server = {.host.log = log_line, .listener = -1}};
    struct m6_error err = {""};
    char path[4096];
    const int done = parse(&o, argc, argv);
    if (done)
        return done - 1;
    o.server.listener = activation_listener(path, sizeof path);
    if (o.server.listener < 0 && m6_address_find(o.socket, path, sizeof path, &err))
        return give_up(&o, &err);
    if (o.server.metrics && metrics_check(o.server.metrics, &err)) {
        give_up(&o, &err);
        return 2;
    }
    if (o.detach)
        go_to_background(o.ready_fd);
    o.server.socket = path;
    o.server.queue_program = find_command();
    o.server.ready = say_ready;
    o.server.arg = &o;
    raise_limits();
    if (m6_server_create(&server, &o.server, &err))
        return give_up(&o, &err);
    set_signals();
    log_line(NULL, 6, path);
    if (!o.server.queue_program)
        log_line(NULL, 4, "the m6 command is not beside this program, so that queued jobs wait");
    m6_server_run(server);
    activation_notify("STOPPING=1");
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    /* A plugin that does not let go must not keep the process. */
    signal(SIGALRM, SIG_DFL);
    alarm(10);
    m6_server_destroy(server);
    return 0;
}
