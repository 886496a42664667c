#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/progress.h"
#include "train/trainer.h"

void m6_metrics_set(struct m6_metrics *m, const char *name, double value)
{
    int i = 0;
    while (i < m->count && strcmp(m->metric[i].name, name) != 0)
        i++;
    if (i == M6_METRICS_MAX)
        return;
    snprintf(m->metric[i].name, sizeof m->metric[i].name, "%s", name);
    m->metric[i].value = value;
    if (i == m->count)
        m->count++;
}

double m6_metrics_get(const struct m6_metrics *m, const char *name)
{
    for (int i = 0; i < m->count; i++)
        if (!strcmp(m->metric[i].name, name))
            return m->metric[i].value;
    return NAN;
}

enum m6_status m6_report_log(struct m6_jsonl *log, const char *event, const struct m6_report *r,
                             const struct m6_metrics *m, struct m6_error *err)
{
    m6_jsonl_begin(log);
    m6_jsonl_string(log, "event", event);
    m6_jsonl_integer(log, "step", r->step);
    m6_jsonl_number(log, "seconds", r->seconds);
    m6_jsonl_number(log, "lr", r->lr);
    m6_jsonl_number(log, "gflops", r->gflops);
    if (r->examples > 0) { /* of steps, not of evaluations */
        m6_jsonl_number(log, "norm", r->norm);
        m6_jsonl_number(log, "examples_per_second", r->examples);
        m6_jsonl_number(log, "data", r->data);
    }
    for (int i = 0; i < m->count; i++)
        m6_jsonl_number(log, m->metric[i].name, m->metric[i].value);
    return m6_jsonl_end(log, err);
}

void m6_report_line(const char *event, const struct m6_report *r, const struct m6_metrics *m)
{
    fprintf(stderr, "%s %lld/%lld  %.0f s  %.0f GFLOP/s", event, (long long)r->step, (long long)r->steps, r->seconds,
            r->gflops);
    if (r->examples > 0)
        fprintf(stderr, "  %.1f examples/s  data %.1f %%  lr %.2g", r->examples, 100 * r->data, r->lr);
    for (int i = 0; i < m->count; i++)
        fprintf(stderr, "  %s %.4g", m->metric[i].name, m->metric[i].value);
    fputc('\n', stderr);
}
