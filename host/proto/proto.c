#include "proto/proto.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct m6_proto_format formats[] = {
    {"rgb24", 3, 0, 1, 2, -1}, {"bgr24", 3, 2, 1, 0, -1}, {"rgba", 4, 0, 1, 2, 3},
    {"bgra", 4, 2, 1, 0, 3},   {"rgb0", 4, 0, 1, 2, -1},  {"bgr0", 4, 2, 1, 0, -1},
    {"gray8", 1, 0, 0, 0, -1},
};

const struct m6_proto_format *m6_proto_format_at(int i)
{
    return i >= 0 && (size_t)i < sizeof formats / sizeof *formats ? &formats[i] : NULL;
}

const struct m6_proto_format *m6_proto_format(const char *name)
{
    const struct m6_proto_format *f = NULL;
    for (int i = 0; (f = m6_proto_format_at(i)); i++)
        if (name && !strcmp(f->name, name))
            break;
    return f;
}

int64_t m6_proto_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int m6_proto_write(int fd, const void *from, size_t size)
{
    for (const char *at = from; size;) {
        const ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        at += n;
        size -= (size_t)n;
    }
    return 0;
}
