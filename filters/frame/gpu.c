#include "gpu.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "m6/frame.h"

/* ---- the module ---- */

static const struct frame_gpu_module *module;
static pthread_mutex_t module_lock = PTHREAD_MUTEX_INITIALIZER;

/* Beside what this code is part of: lib/m6/m6media.so, lib/gstreamer-1.0/libgstm6.so, a program in bin/. */
static int find_module(char *path, size_t size)
{
    static const char *const places[] = {"", "../m6/", "../../m6/", "../lib/m6/"};
    const char *given = getenv("M6_PLACEBO");
    if (given && *given) {
        snprintf(path, size, "%s", given);
        return access(path, R_OK);
    }
    Dl_info self;
    char real[PATH_MAX];
    if (!dladdr((void *)&module_lock, &self) || !self.dli_fname || !realpath(self.dli_fname, real))
        return -1;
    char *slash = strrchr(real, '/');
    for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
        const int n = snprintf(path, size, "%.*s/%sm6placebo.so", (int)(slash - real), real, places[i]);
        if (n > 0 && (size_t)n < size && !access(path, R_OK))
            return 0;
    }
    return -1;
}

static enum m6_status load_module(const struct frame_gpu_module **out, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    char path[PATH_MAX + 32];
    pthread_mutex_lock(&module_lock);
    if (module) {
        ;
    } else if (find_module(path, sizeof path)) {
        status = m6_fail(err, M6_ERR_UNSUPPORTED, "lib/m6/m6placebo.so is not here; install M6 whole, or build it with libplacebo-dev");
    } else {
        /* Drivers leave threads behind: it stays. */
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        const struct frame_gpu_module *found = handle ? dlsym(handle, FRAME_GPU_SYMBOL) : NULL;
        const char *why = found ? NULL : dlerror();
        if (!found)
            status = m6_fail(err, M6_ERR_UNSUPPORTED, "%.400s; install libplacebo", why ? why : path);
        else if (found->abi != FRAME_GPU_ABI || found->size < sizeof *found)
            status = m6_fail(err, M6_ERR_UNSUPPORTED, "%.400s belongs to another version of M6; install both from one build", path);
        else
            module = found;
    }
    *out = module;
    pthread_mutex_unlock(&module_lock);
    return status;
}

/* ---- the path ---- */

/* Starting Vulkan takes a tenth of a second or more; where the kernel knows no GPU, that would be for nothing. */
static int machine_has_gpu(void)
{
    static const char *const nodes[] = {"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/dxg", "/dev/mali*", "/dev/kgsl-3d0"};
    int found = 0;
    for (size_t i = 0; !found && i < sizeof nodes / sizeof *nodes; i++) {
        glob_t hits;
        found = !glob(nodes[i], GLOB_NOSORT, NULL, &hits);
        if (found)
            globfree(&hits);
    }
    return found;
}

static enum m6_status get_ready(struct gpu_path *p)
{
    const char *wanted = getenv("M6_VULKAN");
    const int software = wanted && !strcmp(wanted, "software");
    if (wanted && !strcmp(wanted, "none"))
        return m6_fail(&p->why, M6_ERR_UNSUPPORTED, "M6_VULKAN is none");
    if (!software && !machine_has_gpu())
        return m6_fail(&p->why, M6_ERR_UNSUPPORTED, "this machine has no GPU");
    const enum m6_status status = load_module(&p->module, &p->why);
    return status ? status : p->module->open(software, &p->gpu, &p->why);
}

int gpu_is_there(struct gpu_path *p)
{
    if (!p->ready)
        p->off = get_ready(p) != M6_OK;
    p->ready = 1;
    return !p->off;
}

enum m6_status gpu_convert(struct gpu_path *p, const struct frame_gpu_request *request, struct m6_error *err)
{
    enum m6_status status = p->module->convert(p->gpu, request, err);
    if (status && status != M6_ERR_UNSUPPORTED) {
        p->module->close(p->gpu);
        p->gpu = NULL;
        p->off = p->failed = 1;
        p->why = *err;
    }
    return status;
}

void gpu_finish(struct gpu_path *p)
{
    if (p->gpu)
        p->module->close(p->gpu);
    p->gpu = NULL;
}

/* ---- what the header shows ---- */

void m6_frame_describe_path(char *text, size_t size)
{
    struct gpu_path p = {0};
    char name[320];
    if (gpu_is_there(&p)) {
        p.module->describe(p.gpu, name, sizeof name);
        snprintf(text, size, "frames are converted by %s", name);
    } else {
        snprintf(text, size, "frames are converted by swscale, HDR tone-mapped by M6 (%s)", p.why.text);
    }
    gpu_finish(&p);
}
