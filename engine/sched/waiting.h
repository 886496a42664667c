/* Requests that wait for their turn, and whose turn it is: the most urgent priority; within it the client that has the
 * fewest being answered, and of those the one that has been served least; of that one the request that came first. Clients are told apart by their ids; how much each was served is
 * counted in the cost of its rows, a priority at a time. One that comes back after a rest starts where the others are, so
 * that nobody saves up. */
#ifndef M6_SCHED_WAITING_H
#define M6_SCHED_WAITING_H

#include "sched/request.h"

struct m6_client {
    uint64_t id;
    struct m6_client *next;
    int requests; /* waiting or active */
    struct {
        struct m6_request *first;
        int requests, active; /* waiting or active; active */
        double served;
    } level[M6_PRIORITIES];
};

struct m6_waiting {
    struct m6_client *clients;
    double served[M6_PRIORITIES]; /* of the last client whose turn it was */
    int count[M6_PRIORITIES];
    int64_t deadline; /* none of those that wait has an earlier one */
    unsigned cancellations;
};

void m6_waiting_init(struct m6_waiting *);
/* Makes the request known, and its client. 0 when there is no memory. */
int m6_waiting_enter(struct m6_waiting *, struct m6_request *);
/* The request has ended; it waits no longer. */
void m6_waiting_leave(struct m6_waiting *, struct m6_request *);
/* In the order of arrival. */
void m6_waiting_add(struct m6_waiting *, struct m6_request *);
/* Whose turn it is among those more urgent than `limit`; NULL: nobody's. It goes on waiting. */
struct m6_request *m6_waiting_best(const struct m6_waiting *, int limit);
void m6_waiting_remove(struct m6_waiting *, struct m6_request *);
void m6_waiting_charge(struct m6_waiting *, struct m6_request *, int cost);
/* Takes out those that were cancelled or are late (all, if so asked): a list by `next`. Costs nothing while there can be
 * none. */
struct m6_request *m6_waiting_drop(struct m6_waiting *, int64_t now, int all);

#endif
