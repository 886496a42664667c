/* frei0r 1.2 as hosts see it: a filter is a shared object with these functions. Written from the published description of the interface; names, numbers
 * and the order of fields are what binds.
 *
 * A host opens NAME.so along FREI0R_PATH, and calls
 *     f0r_init, f0r_get_plugin_info, f0r_get_param_info      to look; also f0r_construct and f0r_get_param_value, for defaults
 *     f0r_construct, f0r_set_param_value …, f0r_update …     a size, then any number of frames
 *     f0r_destruct, f0r_deinit, dlclose                      some call f0r_deinit before f0r_destruct
 *
 * Frames are width × height packed pixels of 32 bits, without gaps between rows; but see caller.h.
 */
#ifndef M6_FREI0R_H
#define M6_FREI0R_H

#include <stdint.h>

#define FREI0R_MAJOR_VERSION 1
#define FREI0R_MINOR_VERSION 2

enum { F0R_PLUGIN_TYPE_FILTER = 0, F0R_PLUGIN_TYPE_SOURCE = 1, F0R_PLUGIN_TYPE_MIXER2 = 2, F0R_PLUGIN_TYPE_MIXER3 = 3 };
enum {
    F0R_COLOR_MODEL_BGRA8888 = 0,
    F0R_COLOR_MODEL_RGBA8888 = 1, /* R in the first byte; alpha is straight */
    F0R_COLOR_MODEL_PACKED32 = 2, /* any order */
};
/* What a f0r_param_t points to. */
enum {
    F0R_PARAM_BOOL = 0,     /* double: 0.5 and more is true */
    F0R_PARAM_DOUBLE = 1,   /* double, 0 to 1 */
    F0R_PARAM_COLOR = 2,    /* f0r_param_color_t */
    F0R_PARAM_POSITION = 3, /* f0r_param_position_t */
    F0R_PARAM_STRING = 4,   /* char *; whoever is given it copies it, and whoever gives it keeps it */
};

typedef void *f0r_instance_t;
typedef void *f0r_param_t;

typedef struct f0r_plugin_info {
    const char *name, *author;
    int plugin_type, color_model;
    int frei0r_version; /* FREI0R_MAJOR_VERSION */
    int major_version, minor_version;
    int num_params;
    const char *explanation;
} f0r_plugin_info_t;

typedef struct f0r_param_info {
    const char *name;
    int type;
    const char *explanation;
} f0r_param_info_t;

typedef struct f0r_param_color {
    float r, g, b;
} f0r_param_color_t;

typedef struct f0r_param_position {
    double x, y; /* 0 to 1 */
} f0r_param_position_t;

#define F0R_API __attribute__((visibility("default")))

F0R_API int f0r_init(void); /* 1 when it worked */
F0R_API void f0r_deinit(void);
F0R_API void f0r_get_plugin_info(f0r_plugin_info_t *);
F0R_API void f0r_get_param_info(f0r_param_info_t *, int index);
F0R_API f0r_instance_t f0r_construct(unsigned int width, unsigned int height); /* NULL: it failed */
F0R_API void f0r_destruct(f0r_instance_t);
F0R_API void f0r_set_param_value(f0r_instance_t, f0r_param_t, int index);
F0R_API void f0r_get_param_value(f0r_instance_t, f0r_param_t, int index);
F0R_API void f0r_update(f0r_instance_t, double time, const uint32_t *in, uint32_t *out);

#endif
