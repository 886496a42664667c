/* Kind "draw": a prompt becomes pictures. */
#ifndef M6_PLUGIN_IMAGE_H
#define M6_PLUGIN_IMAGE_H

#include "m6/plugin.h"

int draw_run(const struct m6_host_services *, struct m6_host *, struct m6_job *);

/* A picture with memory of its own; rows are packed. A zeroed one is empty. */
struct image {
    int width, height;
    uint8_t *rgb;
};
int image_copy(struct image *, const struct m6_plugin_picture *); /* 0, or -1 when out of memory */
void image_finish(struct image *);
struct m6_plugin_picture image_picture(const struct image *);
/* Fills width × height, keeping proportions: what sticks out at two sides is cut off. Lanczos of three lobes, held to the
 * samples around, so that edges get no halo. 0, or -1 when out of memory. */
int image_resize(const struct m6_plugin_picture *, int width, int height, struct image *);

/* The job's input picture and what of it is to be kept. */
enum { KEEP_MAX = 64 };
struct input {
    struct m6_frames *frames; /* owns the picture; NULL: none */
    struct m6_plugin_picture picture;
    struct m6_plugin_rect keep[KEEP_MAX];
    int keep_count;
};
int input_open(const struct m6_host_services *, struct m6_job *, struct input *); /* 0, or negative after saying why */
void input_close(const struct m6_host_services *, struct input *);

#endif
