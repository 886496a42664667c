/* Memory that client and host share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client.h"

static void drop(struct m6_buffer *b)
{
    if (atomic_fetch_sub(&b->refs, 1) > 1)
        return;
    if (b->data)
        munmap(b->data, b->size);
    if (b->fd >= 0)
        close(b->fd);
    free(b);
}

void buffer_use(struct m6_buffer *b)
{
    atomic_fetch_add(&b->refs, 1);
    atomic_fetch_add(&b->users, 1);
}

void buffer_done(struct m6_buffer *b)
{
    atomic_fetch_sub(&b->users, 1);
    drop(b);
}

enum m6_status m6_buffer_create(struct m6_buffer **out, size_t bytes, struct m6_error *err)
{
    *out = NULL;
    if (!bytes || bytes > (size_t)1 << 40)
        return m6_fail(err, M6_ERR_ARGUMENT, "a buffer of %zu bytes cannot be made", bytes);
    struct m6_buffer *b = calloc(1, sizeof *b);
    if (!b)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a buffer");
    b->refs = 1;
    b->size = bytes;
    b->fd = memfd_create("m6-frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (b->fd >= 0 && !ftruncate(b->fd, (off_t)bytes) && !fcntl(b->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW)) {
        void *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
        b->data = data == MAP_FAILED ? NULL : data;
    }
    if (!b->data) {
        enum m6_status status = m6_fail(err, M6_ERR_MEMORY, "no shared memory of %zu bytes: %s", bytes, strerror(errno));
        drop(b);
        return status;
    }
    *out = b;
    return M6_OK;
}

enum m6_status m6_buffer_wrap(struct m6_buffer **out, int fd, struct m6_error *err)
{
    struct stat st;
    *out = NULL;
    const int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || fstat(fd, &st))
        return m6_fail(err, M6_ERR_ARGUMENT, "the descriptor is no memfd");
    if (!(seals & F_SEAL_SHRINK) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
        return m6_fail(err, M6_ERR_ARGUMENT, "the memfd cannot be sealed; make it with MFD_ALLOW_SEALING");
    struct m6_buffer *b = calloc(1, sizeof *b);
    if (!b)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a buffer");
    b->refs = 1;
    b->size = (size_t)st.st_size;
    b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (b->fd < 0) {
        drop(b);
        return m6_fail(err, M6_ERR_IO, "cannot duplicate a descriptor: %s", strerror(errno));
    }
    *out = b;
    return M6_OK;
}

void *m6_buffer_data(struct m6_buffer *b)
{
    return b->data;
}

int m6_buffer_users(struct m6_buffer *b)
{
    return b->users;
}

void m6_buffer_release(struct m6_buffer *b)
{
    if (b)
        drop(b);
}
