#include "server/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/address.h"
#include "server/figures.h"
#include "server/internal.h"

enum { SCRAPES = 8, REQUEST_MAX = 4096, PATIENCE_MS = 5000 };

struct scrape {
    int fd; /* negative: free */
    int64_t until_ms;
    char in[REQUEST_MAX];
    size_t in_size;
    char *out; /* NULL: still reading the request */
    size_t out_size, out_at;
    int sent; /* what still comes is thrown away: closing with bytes unread would tear down the answer */
};

struct metrics {
    struct m6_server *server;
    int listener, lock;
    char path[M6_ADDRESS_MAX]; /* "": a port */
    char place[160];
    struct scrape scrape[SCRAPES];
};

/* ---- one scrape ---- */

static void finish(struct metrics *m, struct scrape *c)
{
    if (c->fd >= 0) {
        /* Closing alone would not do while a child of this process has the socket too. */
        epoll_ctl(m->server->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        close(c->fd);
    }
    free(c->out);
    *c = (struct scrape){.fd = -1};
}

static void watch(struct metrics *m, struct scrape *c, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(m->server->epoll, EPOLL_CTL_MOD, c->fd, &event))
        finish(m, c);
}

static void send_some(struct metrics *m, struct scrape *c)
{
    while (c->out_at < c->out_size) {
        const ssize_t n = send(c->fd, c->out + c->out_at, c->out_size - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            watch(m, c, EPOLLOUT);
            return;
        }
        if (n <= 0) {
            finish(m, c);
            return;
        }
        c->out_at += (size_t)n;
    }
    shutdown(c->fd, SHUT_WR);
    c->sent = 1;
    watch(m, c, EPOLLIN);
}

/* body is taken over. */
static void answer(struct metrics *m, struct scrape *c, const char *status, const char *more, char *body, size_t size, int head_only)
{
    char *out = NULL;
    const int head = asprintf(&out,
                              "HTTP/1.0 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n"
                              "Cache-Control: no-store\r\nConnection: close\r\n%s\r\n",
                              status, size, more);
    char *whole = head > 0 ? realloc(out, (size_t)head + size + 1) : NULL;
    if (!whole) {
        if (head > 0)
            free(out);
        free(body);
        finish(m, c);
        return;
    }
    if (!head_only)
        memcpy(whole + head, body, size);
    free(body);
    c->out = whole;
    c->out_size = (size_t)head + (head_only ? 0 : size);
    send_some(m, c);
}

static void refuse(struct metrics *m, struct scrape *c, const char *status, const char *more, const char *sentence)
{
    char *body = strdup(sentence);
    answer(m, c, status, more, body, body ? strlen(body) : 0, 0);
}

/* "GET /metrics HTTP/1.1": method, target, version; the lines behind it do not matter here. */
static void read_request(struct metrics *m, struct scrape *c)
{
    char method[16], target[256], version[16];
    char *end = strpbrk(c->in, "\r\n");
    *end = '\0';
    if (sscanf(c->in, "%15[A-Z] %255[!-~] %15[!-~]", method, target, version) != 3 || strncmp(version, "HTTP/1.", 7) != 0) {
        refuse(m, c, "400 Bad Request", "", "this is no HTTP request; ask GET /metrics HTTP/1.0\n");
        return;
    }
    target[strcspn(target, "?#")] = '\0';
    const int head = !strcmp(method, "HEAD");
    size_t size = 0;
    char *text = NULL;
    if (!head && strcmp(method, "GET") != 0)
        refuse(m, c, "405 Method Not Allowed", "Allow: GET, HEAD\r\n", "only GET and HEAD are answered here\n");
    else if (strcmp(target, "/metrics") != 0)
        refuse(m, c, "404 Not Found", "", "there is nothing here but /metrics\n");
    else if (!(text = figures_exposition(m->server, &size)))
        refuse(m, c, "503 Service Unavailable", "", "no memory for the figures\n");
    else
        answer(m, c, "200 OK", "", text, size, head);
}

static void receive(struct metrics *m, struct scrape *c)
{
    char thrown[4096];
    const ssize_t n = c->sent ? recv(c->fd, thrown, sizeof thrown, MSG_DONTWAIT)
                              : recv(c->fd, c->in + c->in_size, sizeof c->in - 1 - c->in_size, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        finish(m, c);
        return;
    }
    if (c->sent)
        return;
    c->in_size += (size_t)n;
    c->in[c->in_size] = '\0';
    if (memchr(c->in, '\0', c->in_size))
        refuse(m, c, "400 Bad Request", "", "this is no HTTP request; ask GET /metrics HTTP/1.0\n");
    else if (strstr(c->in, "\r\n\r\n") || strstr(c->in, "\n\n"))
        read_request(m, c);
    else if (c->in_size == sizeof c->in - 1)
        refuse(m, c, "431 Request Header Fields Too Large", "", "the request is longer than 4095 bytes\n");
}

static struct scrape *place_for(struct metrics *m)
{
    struct scrape *oldest = &m->scrape[0];
    for (int i = 0; i < SCRAPES; i++) {
        if (m->scrape[i].fd < 0)
            return &m->scrape[i];
        if (m->scrape[i].until_ms < oldest->until_ms)
            oldest = &m->scrape[i];
    }
    finish(m, oldest);
    return oldest;
}

/* One a turn: the rest wait in the kernel's queue, and no flood of them holds up the loop. */
static void accept_one(struct metrics *m)
{
    const int fd = accept4(m->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    /* Without descriptors to accept with, the loop would spin. */
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        usleep(10000);
    if (fd < 0)
        return;
    struct scrape *c = place_for(m);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(m->server->epoll, EPOLL_CTL_ADD, fd, &event)) {
        close(fd);
        return;
    }
    c->fd = fd;
    c->until_ms = m6_proto_now_ms() + PATIENCE_MS;
}

int metrics_event(struct metrics *m, void *what, unsigned events)
{
    if (!m)
        return 0;
    if (what == &m->listener) {
        accept_one(m);
        return 1;
    }
    for (int i = 0; i < SCRAPES; i++) {
        struct scrape *c = &m->scrape[i];
        if (what != c)
            continue;
        /* An event of this turn may be for one that was thrown out earlier in it. */
        if (c->fd >= 0 && (events & EPOLLOUT) && c->out && !c->sent)
            send_some(m, c);
        else if (c->fd >= 0 && (!c->out || c->sent))
            receive(m, c);
        else if (events & (EPOLLERR | EPOLLHUP))
            finish(m, c);
        return 1;
    }
    return 0;
}

void metrics_tick(struct metrics *m, int64_t now)
{
    for (int i = 0; m && i < SCRAPES; i++)
        if (m->scrape[i].fd >= 0 && now >= m->scrape[i].until_ms)
            finish(m, &m->scrape[i]);
}

/* ---- where ---- */

static enum m6_status listen_unix(struct metrics *m, const char *path, struct m6_error *err)
{
    struct stat st;
    if (!lstat(path, &st) && !S_ISSOCK(st.st_mode))
        return m6_fail(err, M6_ERR_IO, "metrics at unix:%.200s: something that is no socket is there; name another path", path);
    enum m6_status status = m6_address_lock(path, ".lock", 0, &m->lock, err);
    if (!status)
        status = m6_address_listen(path, &m->listener, err);
    if (!status) {
        snprintf(m->path, sizeof m->path, "%s", path);
        snprintf(m->place, sizeof m->place, "unix:%s", path);
    }
    return status;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int read_loopback(const char *host, int port, union address *a, socklen_t *size)
{
    memset(a, 0, sizeof *a);
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    *size = sizeof a->v4;
    if (inet_pton(AF_INET, !*host || !strcmp(host, "localhost") ? "127.0.0.1" : host, &a->v4.sin_addr) == 1)
        return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
    a->v6.sin6_family = AF_INET6;
    *size = sizeof a->v6;
    return inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1 && IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static enum m6_status read_port(const char *where, char host[64], union address *a, socklen_t *size, struct m6_error *err)
{
    char *end;
    const char *colon = strrchr(where, ':'), *digits = colon ? colon + 1 : where;
    const int length = colon ? (int)(colon - where) : 0, bracketed = length > 2 && where[0] == '[' && where[length - 1] == ']';
    snprintf(host, 64, "%.*s", bracketed ? length - 2 : length, where + bracketed);
    const long port = strtol(digits, &end, 10);
    if (length >= 64 || !strspn(digits, "0123456789") || *end || port > 65535)
        return m6_fail(err, M6_ERR_ARGUMENT, "metrics at \"%.100s\": say unix:PATH, or a port from 0 to 65535 such as 127.0.0.1:9500", where);
    if (!read_loopback(host, (int)port, a, size))
        return m6_fail(err, M6_ERR_ARGUMENT, "metrics at %.100s: only this machine's own addresses (127.0.0.1, [::1]) are served; let a proxy that asks who is there carry them further", where);
    return M6_OK;
}

enum m6_status metrics_check(const char *where, struct m6_error *err)
{
    char host[64];
    union address a;
    socklen_t size;
    if (strncmp(where, "unix:", 5) != 0)
        return read_port(where, host, &a, &size, err);
    if (where[5] != '/' || strlen(where + 5) + 12 >= M6_ADDRESS_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "metrics at %.200s: the path must begin with / and have at most %d bytes", where, M6_ADDRESS_MAX - 13);
    return M6_OK;
}

static enum m6_status listen_port(struct metrics *m, const char *where, struct m6_error *err)
{
    char host[64];
    union address a;
    socklen_t size;
    const int one = 1;
    const enum m6_status status = read_port(where, host, &a, &size, err);
    if (status)
        return status;
    m->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (m->listener < 0 || setsockopt(m->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) || bind(m->listener, &a.any, size) ||
        listen(m->listener, 16) || getsockname(m->listener, &a.any, &size))
        return m6_fail(err, M6_ERR_IO, "metrics at %.100s: %s; name another port", where, strerror(errno));
    snprintf(m->place, sizeof m->place, a.any.sa_family == AF_INET6 ? "[%s]:%d" : "%s:%d", *host ? host : "127.0.0.1",
             ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port));
    return M6_OK;
}

enum m6_status metrics_create(struct metrics **out, struct m6_server *s, const char *where, struct m6_error *err)
{
    *out = NULL;
    enum m6_status status = metrics_check(where, err);
    if (status)
        return status;
    struct metrics *m = calloc(1, sizeof *m);
    if (!m)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to serve metrics");
    m->server = s;
    m->listener = m->lock = -1;
    for (int i = 0; i < SCRAPES; i++)
        m->scrape[i].fd = -1;
    status = !strncmp(where, "unix:", 5) ? listen_unix(m, where + 5, err) : listen_port(m, where, err);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &m->listener};
    if (!status && epoll_ctl(s->epoll, EPOLL_CTL_ADD, m->listener, &event))
        status = m6_fail(err, M6_ERR_IO, "cannot watch the socket of metrics: %s", strerror(errno));
    if (status) {
        metrics_destroy(m);
        return status;
    }
    *out = m;
    return M6_OK;
}

void metrics_destroy(struct metrics *m)
{
    if (!m)
        return;
    for (int i = 0; i < SCRAPES; i++)
        finish(m, &m->scrape[i]);
    if (m->path[0])
        unlink(m->path);
    if (m->listener >= 0)
        close(m->listener);
    if (m->lock >= 0)
        close(m->lock);
    free(m);
}

const char *metrics_place(const struct metrics *m)
{
    return m ? m->place : "";
}
