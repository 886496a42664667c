#include "filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "note.h"

enum { SIDE_MAX = 32768 };

int f0r_init(void)
{
    return 1;
}

void f0r_deinit(void)
{
}

void f0r_get_plugin_info(f0r_plugin_info_t *info)
{
    *info = (f0r_plugin_info_t){
        .name = m6_filter.name,
        .author = "M6",
        .plugin_type = F0R_PLUGIN_TYPE_FILTER,
        .color_model = F0R_COLOR_MODEL_RGBA8888,
        .frei0r_version = FREI0R_MAJOR_VERSION,
        .major_version = 0,
        .minor_version = 1,
        .num_params = m6_filter.param_count,
        .explanation = m6_filter.explanation,
    };
}

void f0r_get_param_info(f0r_param_info_t *info, int index)
{
    params_describe(m6_filter.params, m6_filter.param_count, info, index);
}

f0r_instance_t f0r_construct(unsigned int width, unsigned int height)
{
    struct instance *it = calloc(1, m6_filter.size);
    if (!it || !width || !height || width > SIDE_MAX || height > SIDE_MAX || params_init(&it->params, m6_filter.params, m6_filter.param_count)) {
        free(it);
        return NULL;
    }
    it->width = (int)width;
    it->height = (int)height;
    pthread_mutex_init(&it->lock, NULL);
    return it;
}

void f0r_destruct(f0r_instance_t instance)
{
    struct instance *it = instance;
    if (!it)
        return;
    m6_filter.finish(it);
    params_finish(&it->params);
    pthread_mutex_destroy(&it->lock);
    free(it);
}

void f0r_set_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_set(&((struct instance *)instance)->params, value, index);
}

void f0r_get_param_value(f0r_instance_t instance, f0r_param_t value, int index)
{
    params_get(&((struct instance *)instance)->params, value, index);
}

void f0r_update(f0r_instance_t instance, double time, const uint32_t *in, uint32_t *out)
{
    const void *from = __builtin_return_address(0);
    struct instance *it = instance;
    struct filter_frame frame = {.in = in, .out = out};
    char text[256];
    pthread_mutex_lock(&it->lock);
    caller_find(&it->caller, from);
    frame.stride = caller_stride(&it->caller, it->width);
    if (caller_time(&it->caller, time, &frame.time)) {
        snprintf(text, sizeof text, "frames come without a time, so %s; FFmpeg before 8.1 does so where the width is no multiple of 64: put pad=ceil(iw/64)*64 before",
                 m6_filter.timeless);
        note(m6_filter.name, text);
    }
    m6_filter.update(it, &frame);
    pthread_mutex_unlock(&it->lock);
}
