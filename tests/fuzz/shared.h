/* Shared memory for what is fuzzed: 64 bytes with the seals that frames and pictures need. */
#ifndef M6_TESTS_FUZZ_SHARED_H
#define M6_TESTS_FUZZ_SHARED_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static inline int fuzz_shared(void)
{
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_ALLOW_SEALING);
        fuzz_check(!ftruncate(fd, 64) && !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    }
    return fd;
}

#endif
