#include "caller.h"

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION(major, minor) ((unsigned int)(major) << 16 | (unsigned int)(minor) << 8)

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void caller_judge(struct caller *c, const char *file, unsigned int version)
{
    const char *name = base_name(file), *said = getenv("M6_FREI0R_TIME");
    const int is_library = strstr(name, "avfilter") != NULL, is_program = !is_library && !strncmp(name, "ff", 2);
    const int counts_ms = (is_library && version < VERSION(11, 5)) || is_program;
    c->second = counts_ms ? 1000 : 1;
    if (said && (!strcmp(said, "s") || !strcmp(said, "ms")))
        c->second = said[0] == 'm' ? 1000 : 1;
    c->padded = is_library && version < VERSION(9, 0);
}

static unsigned int version_of(const char *file)
{
    unsigned int version = 0;
    void *handle = dlopen(file, RTLD_LAZY | RTLD_NOLOAD);
    void *symbol = handle ? dlsym(handle, "avfilter_version") : NULL;
    unsigned int (*avfilter_version)(void);
    if (symbol) {
        memcpy(&avfilter_version, &symbol, sizeof symbol);
        version = avfilter_version();
    }
    if (handle)
        dlclose(handle);
    return version;
}

void caller_find(struct caller *c, const void *return_address)
{
    Dl_info info;
    char program[PATH_MAX];
    if (c->address == return_address)
        return;
    c->address = return_address;
    const char *file = dladdr(return_address, &info) && info.dli_fname ? info.dli_fname : "";
    const unsigned int version = strstr(base_name(file), "avfilter") ? version_of(file) : 0;
    /* A program's own name may be a wrapper's. */
    const ssize_t n = strstr(base_name(file), ".so") ? -1 : readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0) {
        program[n] = '\0';
        file = program;
    }
    caller_judge(c, file, version);
}

size_t caller_stride(const struct caller *c, int width)
{
    return c->padded ? ((size_t)width + 15) & ~(size_t)15 : (size_t)width;
}

int caller_time(const struct caller *c, double time, int64_t *ns)
{
    const double seconds = time / c->second;
    const int known = fabs(seconds) < 9e9; /* also when it is not a number */
    *ns = known ? (int64_t)llround(seconds * 1e9) : 0;
    return !known;
}
