/* The parameters of an instance. Hosts set all of them again before every frame, so setting one to what it is costs a comparison.
 *
 * Threads: any; params_lock holds off those that set.
 */
#ifndef M6_FREI0R_PARAMS_H
#define M6_FREI0R_PARAMS_H

#include <pthread.h>

#include "frei0r.h"

enum { PARAMS_MAX = 8 };

struct param_spec {
    const char *name;
    int type;
    const char *explanation;
    double x, y; /* what it is at first; strings are "" */
};

struct params {
    const struct param_spec *specs;
    int count;
    pthread_mutex_t lock;
    unsigned int changed; /* a bit each; the plugin clears them */
    char *text[PARAMS_MAX];
    double x[PARAMS_MAX], y[PARAMS_MAX]; /* finite, 0 to 1 */
};

int params_init(struct params *, const struct param_spec *, int count); /* -1: out of memory. All count as changed */
void params_finish(struct params *);
void params_set(struct params *, f0r_param_t, int index);
void params_get(struct params *, f0r_param_t, int index); /* a string lasts until it is set */
void params_lock(struct params *);
void params_unlock(struct params *);
void params_describe(const struct param_spec *, int count, f0r_param_info_t *, int index);

#endif
