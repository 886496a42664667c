/* Scene changes in a stream of small grey pictures: cuts, dissolves, and fades through a flat picture (black, white).
 *
 * How two pictures differ is the geometric mean of two measures, each from 0 to 1: the mean absolute difference at the best of
 * a few small shifts (so that pans and shake count little), and the distance of their brightness histograms (so that things
 * moving about count little).
 *
 *   cut       a difference above the threshold, that also stands out from those before it; unless the picture after next is the
 *             old one again (a flash)
 *   dissolve  pictures up to 2 s apart that differ, where each one in between is a mixture of them, and increasingly the later
 *             one; the boundary is where it has become half
 *   fade      flat pictures between pictures with contents: one boundary, where they begin; flat for more than a second, they
 *             are a scene of their own
 *
 * Scenes shorter than a fifth of a second are not told apart. A boundary is known at most 2 s after it was pushed.
 * No libav types. Threads: one detector is used by one thread at a time.
 */
#ifndef M6_SCENE_H
#define M6_SCENE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { M6_SCENE_WIDTH = 64, M6_SCENE_HEIGHT = 36 };
#define M6_SCENE_THRESHOLD 0.06

struct m6_scene_boundary {
    int64_t time_ns; /* of the first picture of the new scene */
    int64_t fade_ns; /* up to this long before and after, the scenes mix; 0: a cut */
};

struct m6_scene_detector;
/* threshold: 0 for the default. NULL: out of memory. */
struct m6_scene_detector *m6_scene_detector_create(double threshold);
void m6_scene_detector_destroy(struct m6_scene_detector *);
/* The next picture; times must grow. */
void m6_scene_push(struct m6_scene_detector *, const uint8_t *grey, int64_t time_ns);
/* No more pictures. */
void m6_scene_flush(struct m6_scene_detector *);
/* Takes the next known boundary, in order of time. Returns 1, or 0 when there is none (yet). */
int m6_scene_next(struct m6_scene_detector *, struct m6_scene_boundary *);

/* The difference described above. */
double m6_scene_difference(const uint8_t *a, const uint8_t *b);

#ifdef __cplusplus
}
#endif
#endif
