#include "proto/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFIX = 4, CHUNK = 65536, CONTROL_FDS = 253 /* SCM_MAX_FD */ };

struct m6_wire_out {
    struct m6_wire_out *next;
    int64_t replaces;
    size_t size, sent, held; /* held: what it counts for in waiting_bytes */
    int fds[M6_PROTO_FDS_MAX], fd_count;
    char *bytes;
};

void m6_wire_init(struct m6_wire *w, int fd)
{
    memset(w, 0, sizeof *w);
    w->fd = fd;
    w->last = &w->first;
}

static void close_fds(int *fds, int *count)
{
    for (int i = 0; i < *count; i++)
        close(fds[i]);
    *count = 0;
}

static void free_out(struct m6_wire_out *out)
{
    close_fds(out->fds, &out->fd_count);
    free(out->bytes);
    free(out);
}

void m6_wire_finish(struct m6_wire *w)
{
    if (w->fd >= 0)
        close(w->fd);
    close_fds(w->fds, &w->fd_count);
    free(w->in);
    while (w->first) {
        struct m6_wire_out *out = w->first;
        w->first = out->next;
        free_out(out);
    }
    m6_wire_init(w, -1);
}

/* ---- in ---- */

static int make_room(struct m6_wire *w)
{
    if (w->in_at) {
        memmove(w->in, w->in + w->in_at, w->in_size - w->in_at);
        w->in_size -= w->in_at;
        w->in_at = 0;
    }
    if (w->in_room - w->in_size >= CHUNK)
        return 0;
    /* Grows with what came, not with what a length promises. */
    const size_t room = w->in_size + (w->in_size > CHUNK ? w->in_size : CHUNK);
    char *more = realloc(w->in, room);
    if (!more)
        return -1;
    w->in = more;
    w->in_room = room;
    return 0;
}

static int take_fds(struct m6_wire *w, struct msghdr *msg)
{
    int fits = !(msg->msg_flags & MSG_CTRUNC);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if ((size_t)w->fd_count < sizeof w->fds / sizeof *w->fds) {
                w->fds[w->fd_count++] = fd;
            } else {
                close(fd);
                fits = 0;
            }
        }
    }
    return fits;
}

int m6_wire_read(struct m6_wire *w, struct m6_error *err)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(CONTROL_FDS * sizeof(int))];
    } control;
    err->text[0] = '\0';
    if (make_room(w)) {
        m6_fail(err, M6_ERR_MEMORY, "no memory for a message");
        return -1;
    }
    struct iovec iov = {w->in + w->in_size, w->in_room - w->in_size};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(w->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    if (n <= 0)
        return -1;
    w->in_size += (size_t)n;
    if (!take_fds(w, &msg)) {
        m6_fail(err, M6_ERR_FORMAT, "more descriptors came than the protocol allows (%d a message)", M6_PROTO_FDS_MAX);
        return -1;
    }
    return 1;
}

/* Moves the descriptors that the message says it has into it. */
static enum m6_status claim_fds(struct m6_wire *w, struct m6_message *m, struct m6_error *err)
{
    int count;
    if (m6_message_int(m->json, "fds", 0, 0, M6_PROTO_FDS_MAX, &count))
        return m6_fail(err, M6_ERR_FORMAT, "\"fds\" must be 0 to %d", M6_PROTO_FDS_MAX);
    if (count > w->fd_count || (w->in_at == w->in_size && count != w->fd_count))
        return m6_fail(err, M6_ERR_FORMAT, "the message says %d descriptors, but %d came with it", count, w->fd_count);
    memcpy(m->fds, w->fds, (size_t)count * sizeof *w->fds);
    m->fd_count = count;
    w->fd_count -= count;
    memmove(w->fds, w->fds + count, (size_t)w->fd_count * sizeof *w->fds);
    return M6_OK;
}

int m6_wire_next(struct m6_wire *w, struct m6_message *m, enum m6_status *status, struct m6_error *err)
{
    memset(m, 0, sizeof *m);
    const unsigned char *p = (const unsigned char *)w->in + w->in_at;
    const size_t left = w->in_size - w->in_at;
    if (left < PREFIX)
        return 0;
    const uint32_t length = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    if (length > M6_PROTO_MESSAGE_MAX) {
        *status = m6_fail(err, M6_ERR_FORMAT, "a message of %lu bytes is announced; at most %d are allowed", (unsigned long)length,
                          M6_PROTO_MESSAGE_MAX);
        return -1;
    }
    if (left - PREFIX < length)
        return 0;
    w->in_at += PREFIX + length;
    *status = m6_message_parse(m, (const char *)p + PREFIX, length, err);
    if (!*status)
        *status = claim_fds(w, m, err);
    if (!*status)
        return 1;
    m6_message_finish(m);
    return -1;
}

/* ---- out ---- */

static void append(struct m6_wire *w, struct m6_wire_out *out)
{
    *w->last = out;
    w->last = &out->next;
    w->waiting++;
    w->waiting_bytes += out->held;
}

/* Gives the bytes to the unsent message that they replace. */
static int replace(struct m6_wire *w, struct m6_wire_out *with)
{
    struct m6_wire_out *out = w->first;
    while (out && (out->replaces != with->replaces || out->sent))
        out = out->next;
    if (!out)
        return 0;
    char *bytes = out->bytes;
    w->waiting_bytes += with->held - out->held;
    out->bytes = with->bytes;
    out->size = with->size;
    out->held = with->held;
    with->bytes = bytes;
    free_out(with);
    return 1;
}

static struct m6_wire_out *make_out(cJSON *json)
{
    char *text = json ? cJSON_PrintUnformatted(json) : NULL;
    struct m6_wire_out *out = text ? calloc(1, sizeof *out) : NULL;
    const size_t n = text ? strlen(text) : 0;
    if (text)
        m6_message_clean(text, n);
    if (out && n <= M6_PROTO_MESSAGE_MAX && (out->bytes = malloc(PREFIX + n))) {
        const unsigned char prefix[PREFIX] = {(unsigned char)n, (unsigned char)(n >> 8), (unsigned char)(n >> 16),
                                              (unsigned char)(n >> 24)};
        memcpy(out->bytes, prefix, PREFIX);
        memcpy(out->bytes + PREFIX, text, n);
        out->size = out->held = PREFIX + n;
    } else {
        free(out);
        out = NULL;
    }
    cJSON_free(text);
    return out;
}

static int send_message(struct m6_wire *w, cJSON *json, const int *fds, int count, size_t bytes, int64_t replaces)
{
    struct m6_wire_out *out = NULL;
    if (count <= M6_PROTO_FDS_MAX && (!count || cJSON_AddNumberToObject(json, "fds", count)))
        out = make_out(json);
    cJSON_Delete(json);
    if (!out) {
        for (int i = 0; i < count; i++)
            close(fds[i]);
        return -1;
    }
    for (int i = 0; i < count; i++)
        out->fds[i] = fds[i];
    out->fd_count = count;
    out->held += bytes;
    out->replaces = replaces;
    if (!replaces || !replace(w, out))
        append(w, out);
    return 0;
}

int m6_wire_send(struct m6_wire *w, cJSON *json, int fd, size_t bytes, int64_t replaces)
{
    return send_message(w, json, &fd, fd >= 0, bytes, replaces);
}

int m6_wire_send_fds(struct m6_wire *w, cJSON *json, const int *fds, int count)
{
    return send_message(w, json, fds, count, 0, 0);
}

static ssize_t send_some(int fd, struct m6_wire_out *out)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(M6_PROTO_FDS_MAX * sizeof(int))];
    } control = {0};
    struct iovec iov = {out->bytes + out->sent, out->size - out->sent};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (out->fd_count) {
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE((size_t)out->fd_count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN((size_t)out->fd_count * sizeof(int));
        memcpy(CMSG_DATA(c), out->fds, (size_t)out->fd_count * sizeof(int));
    }
    ssize_t n;
    do
        n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n;
}

int m6_wire_flush(struct m6_wire *w, size_t *sent)
{
    size_t total = 0;
    int result = 1;
    while (w->first && result == 1) {
        struct m6_wire_out *out = w->first;
        const ssize_t n = send_some(w->fd, out);
        if (n < 0) {
            /* ETOOMANYREFS: descriptors in flight; they leave when the other side reads. */
            result = errno == EAGAIN || errno == EWOULDBLOCK || errno == ETOOMANYREFS || errno == ENOBUFS ? 0 : -1;
            continue;
        }
        total += (size_t)n;
        out->sent += (size_t)n;
        close_fds(out->fds, &out->fd_count); /* they went with the first byte */
        if (out->sent < out->size)
            continue;
        w->first = out->next;
        if (!w->first)
            w->last = &w->first;
        w->waiting--;
        w->waiting_bytes -= out->held;
        free_out(out);
    }
    if (sent)
        *sent = total;
    return result;
}
