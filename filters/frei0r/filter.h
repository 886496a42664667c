/* The functions that frei0r's hosts call, the same for each of our filters. A filter is one `m6_filter`, and instances that begin with a struct instance.
 *
 * Constructing an instance asks nobody anything, since hosts do it to look at the parameters. Hosts may call one instance from several threads at once
 * (MLT's slices do): each frame is done under the instance's lock.
 */
#ifndef M6_FREI0R_FILTER_H
#define M6_FREI0R_FILTER_H

#include "caller.h"
#include "params.h"

struct instance {
    int width, height;
    struct params params;
    pthread_mutex_t lock; /* guards what follows, and all of the filter's own */
    struct caller caller;
};

struct filter_frame {
    int64_t time; /* ns */
    const uint32_t *in;
    uint32_t *out;
    size_t stride; /* of both, in pixels */
};

struct filter {
    const char *name, *explanation;
    const struct param_spec *params;
    int param_count;
    size_t size; /* of an instance, zeroed at first */
    const char *timeless; /* what stays as it is when frames come without a time, for a note */
    void (*update)(struct instance *, const struct filter_frame *); /* with the lock held */
    void (*finish)(struct instance *); /* frees what is the filter's own */
};

extern const struct filter m6_filter;

#endif
