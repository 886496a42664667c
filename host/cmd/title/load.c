#include "title/load.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>

#include "core/host.h"

enum m6_status title_load(const struct m6_title **title, struct m6_error *err)
{
    static const struct m6_title *loaded;
    char path[PATH_MAX];
    if (!loaded) {
        if (m6_find_module("m6title.so", path, sizeof path))
            return m6_fail(err, M6_ERR_MODEL,
                           "captions in the picture need lib/m6/m6title.so beside the program; "
                           "install M6 whole, or use --captions mux");
        /* Never closed: GLib does not survive it. */
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle)
            return m6_fail(
                err, M6_ERR_MODEL,
                "captions cannot be set (%s); install libpangocairo-1.0-0, or use --captions mux",
                dlerror());
        const struct m6_title *found = dlsym(handle, M6_TITLE_SYMBOL);
        if (!found || found->abi != M6_TITLE_ABI || found->size < sizeof *found)
            return m6_fail(err, M6_ERR_MODEL,
                           "%s belongs to another version of m6; install them together", path);
        loaded = found;
    }
    *title = loaded;
    return M6_OK;
}
