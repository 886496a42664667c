/* The parts that m6 doctor looks at. Each adds findings to the report. */
#ifndef M6_CMD_DOCTOR_H
#define M6_CMD_DOCTOR_H

#include "session.h"

enum finding {
    FINDING_OK,
    FINDING_NOTE,
    FINDING_BAD
}; /* NOTE: something is missing that not every job needs */

struct doctor {
    struct cmd_context *ctx;
    struct m6_host *host; /* NULL if it could not be created */
    cJSON *list;          /* [{"part", "state", "text", "remedy"}] */
    int bad;
};

/* remedy NULL: none is needed. */
void doctor_add(struct doctor *, enum finding, const char *part, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

void doctor_machine(struct doctor *); /* processor, memory */
void doctor_model(struct doctor *);
void doctor_plugins(struct doctor *);
void doctor_media(struct doctor *); /* libav*, fonts, presets, the programs under libexec */

#endif
