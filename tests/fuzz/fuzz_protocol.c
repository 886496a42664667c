#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "proto/wire.h"
#include "server/inputs.h"
#include "shared.h"

static void check_inputs(struct m6_message *m)
{
    struct m6_inputs in;
    struct m6_error err = {""};
    if (m6_inputs_read(&in, m, &err)) {
        fuzz_check(err.text[0]);
    } else {
        fuzz_check(in.count <= M6_PROTO_INPUTS_MAX && in.pixels <= M6_PROTO_JOB_PIXELS_MAX);
        fuzz_check(in.pixels <= 64 * M6_PROTO_FRAMES_MAX * M6_PROTO_INPUTS_MAX); /* what 64 bytes can hold */
        if (!m6_inputs_take(&in, &err)) {
            for (int i = 0; i < in.count; i++)
                for (int k = 0; k < in.one[i].count; k++) {
                    const struct m6_memory_frame *f = &in.one[i].taken[k];
                    fuzz_check(f->picture.rgb && f->start_ns <= f->end_ns);
                    fuzz_check(i || k || m6_inputs_pts(&in, f->start_ns) == in.one[0].frames[0].pts);
                }
        }
    }
    m6_inputs_free(&in);
}

static void check_message(struct m6_message *m)
{
    int64_t number;
    int small;
    const char *text;
    fuzz_check(m->json && m->type);
    if (!m6_message_int64(m->json, "job", 1, 1, 99, &number))
        fuzz_check(number >= 1 && number <= 99);
    m6_message_int(m->json, "deadline_ms", 0, 1, INT32_MAX, &small);
    m6_message_text(m->json, "kind", &text);
    char *printed = cJSON_PrintUnformatted(m->json);
    struct m6_message again;
    struct m6_error err = {""};
    /* What was taken once is taken again. */
    if (printed && m6_message_parse(&again, printed, strlen(printed), &err) == M6_OK)
        m6_message_finish(&again);
    cJSON_free(printed);
    check_inputs(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    struct m6_wire wire;
    struct m6_message m;
    struct m6_error err = {""};
    enum m6_status status = M6_OK;
    if (size > 60000 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
        return 0;
    m6_wire_init(&wire, ends[0]);
    /* One descriptor rides along with all of it. */
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    const int fd = fuzz_shared();
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    struct iovec iov = {(void *)(uintptr_t)data, size};
    const struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = memmem(data, size, "fds", 3) ? sizeof control : 0};
    const ssize_t sent = size ? sendmsg(ends[1], &msg, MSG_NOSIGNAL) : 0;
    close(ends[1]);
    int got = 0;
    while (sent > 0 && got >= 0 && m6_wire_read(&wire, &err) > 0) {
        while ((got = m6_wire_next(&wire, &m, &status, &err)) > 0) {
            check_message(&m);
            m6_message_finish(&m);
        }
        fuzz_check(got >= 0 || (status && err.text[0]));
    }
    m6_wire_finish(&wire);
    return 0;
}
