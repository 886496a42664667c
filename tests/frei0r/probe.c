/* A frei0r filter that writes down what hosts give it: two strings, and the times, sizes and sums of frames, a line each, to the file M6_PROBE. Line
 * ends in strings are written as \n, backslashes as \\. The picture passes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"

enum { FIRST, SECOND, COUNT };
static const struct param_spec specs[COUNT] = {
    [FIRST] = {"First", F0R_PARAM_STRING, "", 0, 0},
    [SECOND] = {"Second", F0R_PARAM_STRING, "", 0, 0},
};

struct instance {
    struct params params;
    unsigned int width, height;
};

int f0r_init(void)
{
    return 1;
}

void f0r_deinit(void)
{
}

void f0r_get_plugin_info(f0r_plugin_info_t *info)
{
    *info = (f0r_plugin_info_t){"m6probe", "M6", F0R_PLUGIN_TYPE_FILTER, F0R_COLOR_MODEL_RGBA8888, FREI0R_MAJOR_VERSION, 0, 1, COUNT, ""};
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    params_describe(specs, COUNT, info, index);
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    struct instance *p = calloc(1, sizeof *p);
    if (!p || params_init(&p->params, specs, COUNT))
        abort();
    p->width = width;
    p->height = height;
    return p;
}

void f0r_destruct(f0r_instance_t instance)
{
    params_finish(&((struct instance *)instance)->params);
    free(instance);
}

void f0r_set_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_set(&((struct instance *)instance)->params, value, index);
}

void f0r_get_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_get(&((struct instance *)instance)->params, value, index);
}

static void put(FILE *to, const char *name, const char *text)
{
    fprintf(to, "%s=", name);
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", to);
        else if (*text == '\\')
            fputs("\\\\", to);
        else
            fputc(*text, to);
    }
    fputc('\n', to);
}

static unsigned long long sum_of(const uint32_t *frame, size_t count)
{
    unsigned long long sum = 0xcbf29ce484222325;
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ frame[i]) * 0x100000001b3;
    return sum;
}

void f0r_update(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct instance *p = instance;
    const char *path = getenv("M6_PROBE");
    pthread_mutex_lock(&lock);
    FILE *to = path ? fopen(path, "a") : NULL;
    if (to) {
        put(to, "first", p->params.text[FIRST]);
        put(to, "second", p->params.text[SECOND]);
        fprintf(to, "time=%.6g size=%ux%u sum=%016llx\n", time, p->width, p->height, sum_of(in, (size_t)p->width * p->height));
        fclose(to);
    }
    pthread_mutex_unlock(&lock);
    memcpy(out, in, (size_t)p->width * p->height * 4);
}
