/* When a new picture comes: after each `every`, or at the times of `at`. Each stretch has a number, from 0, which is added to the
 * seed; so what shows at a time is known without having seen the times before it.
 *
 * Times are nanoseconds. Hosts round theirs, so one that is up to a microsecond early counts as having arrived. Times before 0, and
 * before the first of `at`, belong to stretch 0.
 */
#ifndef M6_FILTERS_SCHEDULE_H
#define M6_FILTERS_SCHEDULE_H

#include <stdint.h>

#include <m6/status.h>

#define M6_TIME_NEVER INT64_MAX

enum { M6_SCHEDULE_AT_MAX = 4096 };

struct m6_schedule {
    int64_t every;     /* 0: none */
    int64_t *at;       /* rising, all above 0 */
    int at_count;
};

struct m6_stretch {
    int64_t index, start, end; /* [start, end); the last one ends at M6_TIME_NEVER */
};

/* "2.5", "2.5s", "500ms", "1:02.5", "01:00:02"; not negative. M6_ERR_ARGUMENT; `name` is the option's. */
enum m6_status m6_time_parse(int64_t *ns, const char *name, const char *text, struct m6_error *);
/* Times separated by |, commas or spaces, in any order; "" for none. Replaces schedule->at. */
enum m6_status m6_schedule_parse_at(struct m6_schedule *, const char *text, struct m6_error *);
void m6_schedule_finish(struct m6_schedule *);
struct m6_stretch m6_schedule_at(const struct m6_schedule *, int64_t t);

#endif
