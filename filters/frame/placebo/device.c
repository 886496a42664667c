#include "device.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <vulkan/vulkan.h>

/* [0]: found when only a GPU would do, [1]: when software would do too. A search that failed is not repeated: it takes a tenth
 * of a second, and drivers do not appear while a program runs. A device that was lost is replaced, but not for ever. */
static struct {
    struct device *device;
    int failed, losses;
    struct m6_error why;
} slots[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum { LOSSES_MAX = 3 };

/* Mesa's lavapipe waits for ever for its threads where the process may use one processor only, unless told their number. */
static int would_hang(void)
{
    cpu_set_t set;
    const char *threads = getenv("LP_NUM_THREADS");
    return (!threads || !*threads) && !sched_getaffinity(0, sizeof set, &set) && CPU_COUNT(&set) < 2;
}

static void destroy(struct device *d)
{
    if (!d)
        return;
    pl_vulkan_destroy(&d->vulkan);
    pl_vk_inst_destroy(&d->instance);
    pthread_mutex_destroy(&d->turn);
    free(d);
}

static VkPhysicalDevice choose(const struct device *d, int software)
{
    return pl_vulkan_choose_device(NULL, &(struct pl_vulkan_device_params){.instance = d->instance->instance,
                                                                           .get_proc_addr = d->instance->get_proc_addr,
                                                                           .allow_software = software});
}

static enum m6_status create(int software, struct device **out, struct m6_error *err)
{
    struct device *d = calloc(1, sizeof *d);
    if (!d)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a Vulkan device");
    pthread_mutex_init(&d->turn, NULL);
    d->instance = pl_vk_inst_create(NULL, &pl_vk_inst_default_params);
    if (!d->instance) {
        destroy(d);
        return m6_fail(err, M6_ERR_UNSUPPORTED, "Vulkan cannot be used here; install the GPU's Vulkan driver");
    }
    VkPhysicalDevice physical = choose(d, 0);
    if (!physical && software) {
        if (would_hang()) {
            destroy(d);
            return m6_fail(err, M6_ERR_UNSUPPORTED, "software Vulkan hangs where there is one processor; set LP_NUM_THREADS=1 to use it");
        }
        physical = choose(d, 1);
    }
    if (!physical) {
        destroy(d);
        return m6_fail(err, M6_ERR_UNSUPPORTED, "there is no Vulkan device%s; install the GPU's Vulkan driver", software ? "" : " that is a GPU");
    }
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);
    snprintf(d->name, sizeof d->name, "%s", properties.deviceName);
    struct pl_vulkan_params params = pl_vulkan_default_params;
    params.instance = d->instance->instance;
    params.get_proc_addr = d->instance->get_proc_addr;
    params.device = physical;
    params.allow_software = software;
    d->vulkan = pl_vulkan_create(NULL, &params);
    if (!d->vulkan) {
        m6_fail(err, M6_ERR_UNSUPPORTED, "libplacebo cannot use %.200s; update its Vulkan driver", d->name);
        destroy(d);
        return M6_ERR_UNSUPPORTED;
    }
    d->gpu = d->vulkan->gpu;
    *out = d;
    return M6_OK;
}

/* Forgets a lost device; those who hold it keep it until they release it. */
static void forget_lost(int software)
{
    if (!slots[software].device || !pl_gpu_is_failed(slots[software].device->gpu))
        return;
    slots[software].device = NULL;
    if (++slots[software].losses < LOSSES_MAX)
        return;
    slots[software].failed = 1;
    m6_fail(&slots[software].why, M6_ERR_IO, "the Vulkan device was lost %d times; look at the system's log", LOSSES_MAX);
}

enum m6_status device_acquire(int software, struct device **out, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    software = software != 0;
    *out = NULL;
    pthread_mutex_lock(&lock);
    forget_lost(software);
    if (slots[software].failed) {
        *err = slots[software].why;
        status = M6_ERR_UNSUPPORTED;
    } else if (!slots[software].device) {
        status = create(software, &slots[software].device, err);
        slots[software].failed = status != M6_OK && status != M6_ERR_MEMORY;
        slots[software].why = *err;
    }
    if (!status) {
        *out = slots[software].device;
        (*out)->users++;
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void device_release(struct device *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&lock);
    const int last = --d->users == 0;
    for (int i = 0; last && i < 2; i++)
        if (slots[i].device == d)
            slots[i].device = NULL;
    pthread_mutex_unlock(&lock);
    if (last)
        destroy(d);
}
