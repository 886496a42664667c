/* Plugins that misbehave, a kind each, and one kind that does not. Definitions from the build make the file itself bad. */
#include <m6/plugin.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef NAME
#define NAME "bad"
#endif
enum { HOST_FD = 3 };

static volatile int never;

static int good(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    m6->emit_text(job, "good");
    return 0;
}

static int loop(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    m6->progress(job, 0, 1, "looping");
    while (!never)
        ;
    return 0;
}

/* Alive, but it never asks whether it is cancelled. */
static int deaf(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    for (m6->emit_text(job, "deaf"); !never; usleep(1000))
        m6->progress(job, 0, 1, "not listening");
    return 0;
}

static int segv(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    m6->emit_text(job, "about to");
    fprintf(stderr, "reading what is not mine\n");
    signal(SIGSEGV, SIG_DFL); /* sanitizers have their own */
    raise(SIGSEGV);
    return 0;
}

static int abort_(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    signal(SIGABRT, SIG_DFL);
    abort();
}

static int exit_(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    exit(0);
}

static void *crash(void *arg)
{
    usleep(arg ? 0 : 20000);
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return NULL;
}

/* Another thread of it crashes while this one is busy. */
static int thread(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    pthread_t other;
    pthread_create(&other, NULL, crash, NULL);
    while (!never)
        m6->cancelled(job);
    return 0;
}

/* Its child holds the line to the host when it is gone. */
static int orphan(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    if (!fork()) {
        sleep(1000);
        _exit(0);
    }
    _exit(3);
}

static int closes(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    for (int fd = 0; fd < 10; fd++)
        close(fd);
    while (!never)
        usleep(1000);
    return 0;
}

static void put(const void *bytes, size_t size)
{
    for (const char *at = bytes; size;) {
        const ssize_t n = send(HOST_FD, at, size, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += n;
        size -= (size_t)n;
    }
}

static int garbage(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    char bytes[4096];
    memset(bytes, 0x5a, sizeof bytes);
    for (int i = 0; i < 1000; i++)
        put(bytes, sizeof bytes);
    return 0;
}

/* A message as it should be framed, with descriptors. */
static void put_message(const char *json, const int *fds, int count)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN((size_t)count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    const size_t n = strlen(json);
    unsigned char prefix[4] = {(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16), (unsigned char)(n >> 24)};
    struct iovec iov[] = {{prefix, 4}, {(void *)(uintptr_t)json, n}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    if (count) {
        memcpy(CMSG_DATA(&control.header), fds, (size_t)count * sizeof(int));
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    }
    sendmsg(HOST_FD, &msg, MSG_NOSIGNAL);
}

/* The message that "text" is, with a memory of "bytes" bytes if that is not 0. */
static int lie(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    const int64_t bytes = m6->param_integer(job, "bytes", 0);
    int fd = -1;
    if (bytes) {
        fd = memfd_create("lie", MFD_ALLOW_SEALING);
        if (ftruncate(fd, bytes) || (m6->param_integer(job, "sealed", 1) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)))
            return -1;
    }
    put_message(m6->param_string(job, "text", ""), &fd, fd >= 0);
    while (!never)
        usleep(1000);
    return 0;
}

/* Asks and asks, and never hears an answer. */
static int asks(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    while (!never)
        put_message("{\"type\": \"error\"}", NULL, 0);
    return 0;
}

/* More memory than it may have. */
static int leak(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    enum { PIECE = 16 << 20 };
    for (int i = 0; i < 4096; i++) {
        char *piece = malloc(PIECE);
        if (!piece)
            return m6->fail(job, "failed", "there is no memory left");
        memset(piece, 1, 4096);
    }
    return 0;
}

static int files(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    int n = 0;
    while (n < 100000 && dup(0) >= 0)
        n++;
    return n < 100000 ? m6->fail(job, "failed", "there are no files left") : 0;
}

/* Much to standard error, one text of 8 MiB, and a picture that cannot be. */
static int huge(const struct m6_host_services *m6, struct m6_host *host, struct m6_job *job)
{
    const size_t size = 8 << 20;
    char *text = malloc(size + 1);
    if (!text)
        return -1;
    memset(text, 'x', size);
    memcpy(text + 1000, "\xff\xfe\x01", 3);
    text[size] = '\0';
    for (int i = 0; i < 20000; i++)
        fprintf(stderr, "line %d of many\n", i);
    m6->emit_text(job, text);
    free(text);
    m6->emit_picture(job, &(struct m6_plugin_picture){1 << 20, 1 << 20, 3, (const uint8_t *)"x"}, NULL);
    return 0;
}

#define OBJECT(properties) "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {" properties "}}"
static const struct m6_plugin_kind kinds[] = {
    {NAME "-good", "", OBJECT("\"n\": {\"type\": \"integer\", \"maximum\": 9}"), good},
    {NAME "-loop", "", OBJECT(""), loop},
    {NAME "-deaf", "", OBJECT(""), deaf},
    {NAME "-segv", "", OBJECT(""), segv},
    {NAME "-abort", "", OBJECT(""), abort_},
    {NAME "-exit", "", OBJECT(""), exit_},
    {NAME "-thread", "", OBJECT(""), thread},
    {NAME "-orphan", "", OBJECT(""), orphan},
    {NAME "-closes", "", OBJECT(""), closes},
    {NAME "-garbage", "", OBJECT(""), garbage},
    {NAME "-lie", "",
     OBJECT("\"text\": {\"type\": \"string\"}, \"bytes\": {\"type\": \"integer\"}, \"sealed\": {\"type\": \"boolean\"}"), lie},
    {NAME "-asks", "", OBJECT(""), asks},
    {NAME "-leak", "", OBJECT(""), leak},
    {NAME "-files", "", OBJECT(""), files},
    {NAME "-huge", "", OBJECT(""), huge},
};

#ifdef INIT
static int start(const struct m6_host_services *m6, struct m6_host *host, char *why, size_t size)
{
    INIT;
    return 0;
}
#else
#define start NULL
#endif

extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI, .size = sizeof m6_plugin, .name = NAME, .version = "1.0", .description = "For tests.",
    .kinds = kinds, .kind_count = sizeof kinds / sizeof *kinds, .kind_size = sizeof kinds[0], .init = start,
};
