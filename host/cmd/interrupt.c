#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "core/host.h"
#include "outfile.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct m6_job *watched;
static void (*watched_cancel)(void *);
static void *watched_arg;
static atomic_int came;
static sigset_t set;

static void *wait_for_signals(void *arg)
{
    for (;;) {
        int sig;
        if (sigwait(&set, &sig))
            continue;
        if (atomic_load(&came)) {
            outfile_abandon_all();
            _exit(128 + sig);
        }
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
