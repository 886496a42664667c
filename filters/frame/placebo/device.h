/* The Vulkan device that all converters of a process share. Threads: safe. */
#ifndef PLACEBO_DEVICE_H
#define PLACEBO_DEVICE_H

#include <pthread.h>

#include <libplacebo/gpu.h>
#include <libplacebo/vulkan.h>

#include "m6/status.h"

struct device {
    pl_vk_inst instance;
    pl_vulkan vulkan;
    pl_gpu gpu;
    int users;
    char name[256]; /* as the driver calls it */
    pthread_mutex_t turn; /* held by whoever uses `gpu`: lavapipe crashes when two threads make pipelines, whatever Vulkan says */
};

/* A GPU, or where `software` is not 0 and there is none a processor that plays one. Released with device_release. */
enum m6_status device_acquire(int software, struct device **, struct m6_error *);
void device_release(struct device *);

#endif
