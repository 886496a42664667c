#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "core/host.h"
#include "outfile.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct m6_job *watched;
static void (*watched_cancel)(void *);
static void *watched_arg;
static atomic_int came;
static sigset_t set;

/* How long work that was cancelled may take to end, before it is left as it is: a file that is waited for need never come. */
enum { PATIENCE_SECONDS = 5 };

static void *wait_for_signals(void *arg)
{
    for (;;) {
        const struct timespec patience = {PATIENCE_SECONDS, 0};
        const int first = atomic_load(&came);
        int sig = first ? sigtimedwait(&set, NULL, &patience) : sigwaitinfo(&set, NULL);
        if (sig < 0 && errno == EINTR)
            continue;
        if (first) {
            static const char sentence[] = "m6: interrupted; unfinished files were removed\n";
            outfile_abandon_all();
            const ssize_t told = write(STDERR_FILENO, sentence, sizeof sentence - 1);
            (void)told;
            _exit(128 + (sig > 0 ? sig : first));
        }
        if (sig < 0)
            continue;
        atomic_store(&came, sig);
        pthread_mutex_lock(&lock);
        if (watched)
            m6_job_cancel(watched);
        if (watched_cancel)
            watched_cancel(watched_arg);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

void interrupt_init(void)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    pthread_t thread;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct sigaction old;
        /* A shell that starts us in the background, and nohup, ask us to ignore these. */
        if (sigaction(wanted[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(&set, wanted[i]);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_create(&thread, NULL, wait_for_signals, NULL) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void interrupt_watch(struct m6_job *job)
{
    pthread_mutex_lock(&lock);
    watched = job;
    if (job && atomic_load(&came))
        m6_job_cancel(job);
    pthread_mutex_unlock(&lock);
}

void interrupt_watch_call(void (*cancel)(void *), void *arg)
{
    pthread_mutex_lock(&lock);
    watched_cancel = cancel;
    watched_arg = arg;
    if (cancel && atomic_load(&came))
        cancel(arg);
    pthread_mutex_unlock(&lock);
}

int interrupt_signal(void)
{
    return atomic_load(&came);
}
