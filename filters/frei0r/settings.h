/* What m6gen's parameters come to, as options of m6gen. The string of options says most; Prompt counts more than its prompt, Opacity multiplies its
 * opacity, and Position and Wait count where it has no x, no y, no live.
 *
 * Threads: one at a time.
 */
#ifndef M6_FREI0R_SETTINGS_H
#define M6_FREI0R_SETTINGS_H

#include "gen.h"

struct settings {
    const char *prompt, *options;
    double opacity, x, y; /* 0 to 1 */
    int wait;
};

/* What of the string of options has to be known beside what it says. */
struct settings_given {
    char *opacity; /* an expression, or NULL */
    int x, y, overlay;
};

/* A gen of these settings. on_error is slate unless it is given, and fail becomes slate: a filter cannot end anything here. */
enum m6_status settings_create(struct m6_gen **, struct settings_given *, const struct settings *, struct m6_error *);
/* Sets what may have changed since, but the options. The prompt must not have become empty. */
enum m6_status settings_update(struct m6_gen *, const struct settings_given *, const struct settings *, struct m6_error *);
void settings_given_finish(struct settings_given *);

#endif
