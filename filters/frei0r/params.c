#include "params.h"

#include <stdlib.h>
#include <string.h>

int params_init(struct params *p, const struct param_spec *specs, int count)
{
    int failed = 0;
    memset(p, 0, sizeof *p);
    p->specs = specs;
    p->count = count;
    p->changed = (1u << count) - 1;
    pthread_mutex_init(&p->lock, NULL);
    for (int i = 0; i < count; i++) {
        p->x[i] = specs[i].x;
        p->y[i] = specs[i].y;
        failed |= specs[i].type == F0R_PARAM_STRING && !(p->text[i] = strdup(""));
    }
    if (failed)
        params_finish(p);
    return failed ? -1 : 0;
}

void params_finish(struct params *p)
{
    for (int i = 0; i < p->count; i++)
        free(p->text[i]);
    pthread_mutex_destroy(&p->lock);
}

void params_lock(struct params *p)
{
    pthread_mutex_lock(&p->lock);
}

void params_unlock(struct params *p)
{
    pthread_mutex_unlock(&p->lock);
}

static int set_text(char **to, const char *text)
{
    text = text ? text : "";
    char *copy = strcmp(*to, text) ? strdup(text) : NULL;
    if (!copy)
        return 0;
    free(*to);
    *to = copy;
    return 1;
}

static int set_number(double *to, double value)
{
    value = value > 0 ? value < 1 ? value : 1 : 0; /* not a number: 0 */
    const int differs = *to != value;
    *to = value;
    return differs;
}

void params_set(struct params *p, f0r_param_t value, int i)
{
    int changed = 0;
    if (i < 0 || i >= p->count || !value)
        return;
    params_lock(p);
    switch (p->specs[i].type) {
    case F0R_PARAM_STRING: changed = set_text(&p->text[i], *(const char *const *)value); break;
    case F0R_PARAM_BOOL: changed = set_number(&p->x[i], *(const double *)value >= 0.5); break;
    case F0R_PARAM_DOUBLE: changed = set_number(&p->x[i], *(const double *)value); break;
    case F0R_PARAM_POSITION:
        changed = set_number(&p->x[i], ((const f0r_param_position_t *)value)->x);
        changed |= set_number(&p->y[i], ((const f0r_param_position_t *)value)->y);
        break;
    default: break;
    }
    if (changed)
        p->changed |= 1u << i;
    params_unlock(p);
}

void params_get(struct params *p, f0r_param_t value, int i)
{
    if (i < 0 || i >= p->count || !value)
        return;
    params_lock(p);
    switch (p->specs[i].type) {
    case F0R_PARAM_STRING: *(char **)value = p->text[i]; break;
    case F0R_PARAM_BOOL:
    case F0R_PARAM_DOUBLE: *(double *)value = p->x[i]; break;
    case F0R_PARAM_POSITION: *(f0r_param_position_t *)value = (f0r_param_position_t){p->x[i], p->y[i]}; break;
    default: break;
    }
    params_unlock(p);
}

void params_describe(const struct param_spec *specs, int count, f0r_param_info_t *info, int i)
{
    if (i >= 0 && i < count)
        *info = (f0r_param_info_t){specs[i].name, specs[i].type, specs[i].explanation};
}
