/* What a worker process may send: each line of the input is a message to a host that serves a job, and to one that asks a plugin
 * what it is. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/core.h"
#include "core/memory.h"
#include "fuzz.h"
#include "shared.h"
#include "core/worker/internal.h"

static void send_line(int to, const uint8_t *line, size_t size)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    const int fd = fuzz_shared();
    unsigned char prefix[4] = {(unsigned char)size, (unsigned char)(size >> 8), (unsigned char)(size >> 16), 0};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    struct iovec iov[] = {{prefix, 4}, {(void *)(uintptr_t)line, size}};
    const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = memmem(line, size, "\"fds\"", 5) ? sizeof control : 0};
    sendmsg(to, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_event(void *arg, struct m6_job *job, const struct m6_job_event *e)
{
    unsigned sum = 0;
    if (e->type == M6_JOB_TEXT || e->type == M6_JOB_WARNING)
        fuzz_check(e->text);
    if (e->type == M6_JOB_CAPTION)
        fuzz_check(e->text && e->start_ns <= e->end_ns);
    if (e->type != M6_JOB_PICTURE)
        return;
    const struct m6_plugin_picture *p = e->picture;
    fuzz_check(p->width > 0 && p->height > 0 && (size_t)p->width * (size_t)p->height * 3 <= 64);
    for (size_t i = 0; i < p->stride * (size_t)p->height; i++)
        sum += p->rgb[i];
    fuzz_check(sum <= 64 * 255);
    for (int i = 0; e->metadata && e->metadata[i]; i += 2)
        fuzz_check(e->metadata[i + 1]);
}

static void serve(struct m6_host *host, const uint8_t *data, size_t size)
{
    static const uint8_t rgb[4 * 2 * 3];
    static const struct m6_memory_frame frames[2] = {{{4, 2, 12, rgb}, 0, 5}, {{4, 2, 12, rgb}, 5, 9}};
    static const struct m6_memory_input memory = {2, frames};
    const struct m6_memory_input *const memories[] = {&memory};
    char *inputs[] = {(char *)"memory"};
    const struct m6_plugin_kind kind = {.name = "fuzz"};
    struct m6_worker worker = {.host = host, .name = "fuzz"};
    struct m6_job job = {.host = host, .kind = &kind, .event = on_event, .memory = memories, .inputs = inputs, .input_count = 1};
    struct worker_link link = {.worker = &worker, .job = &job, .process = {.name = "fuzz", .pidfd = -1, .err = -1}};
    struct m6_message m;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return;
    pthread_mutex_init(&job.lock, NULL);
    m6_wire_init(&link.process.wire, ends[0]);
    for (const uint8_t *line = data, *all = data + size; line < all;) {
        const uint8_t *end = memchr(line, '\n', (size_t)(all - line));
        send_line(ends[1], line, (size_t)((end ? end : all) - line));
        line = end ? end + 1 : all;
    }
    close(ends[1]);
    if (worker_serve(&link, "end", &m))
        fuzz_check(link.lost && link.why.text[0]);
    m6_message_finish(&m);
    worker_serve_finish(&link);
    worker_process_finish(&link.process, 0);
    for (int i = 0; i < job.warning_count; i++)
        free(job.warnings[i]);
    free(job.warnings);
    pthread_mutex_destroy(&job.lock);
}

static void describe(struct m6_host *host, const uint8_t *data, size_t size)
{
    struct m6_message m;
    struct m6_error err;
    char why[512] = "";
    struct m6_worker *w = calloc(1, sizeof *w);
    if (w && !m6_message_parse(&m, (const char *)data, size, &err)) {
        pthread_mutex_init(&w->lock, NULL);
        w->host = host;
        w->said = m.json;
        m.json = NULL;
        const struct m6_plugin *p = m6_worker_describe(w, why, sizeof why);
        fuzz_check(p ? p->kind_count >= 1 && p->kind_count <= 64 : why[0] != '\0');
        m6_worker_destroy(w);
    } else {
        free(w);
    }
    m6_message_finish(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct m6_host *host;
    struct m6_error err;
    const struct m6_host_params params = {.plugin_path = "", .model = "/nowhere/model"};
    if (size > 60000 || (!host && m6_host_create(&host, &params, &err)))
        return 0;
    serve(host, data, size);
    const uint8_t *end = memchr(data, '\n', size);
    describe(host, data, end ? (size_t)(end - data) : size);
    return 0;
}
