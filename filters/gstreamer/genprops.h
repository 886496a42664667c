/* What m6gen and m6gensrc have in common: properties, messages, and the gen behind them (filters/common/gen.h).
 *
 * Properties may be set at any time from any thread. While it runs, what was set waits for the streaming thread, which takes it before the next frame, so that
 * setting never waits for a drawing.
 */
#ifndef M6_GST_GENPROPS_H
#define M6_GST_GENPROPS_H

#include <gst/gst.h>

#include "gen.h"

G_BEGIN_DECLS

enum {
    M6_GEN_PROP_0,
    M6_GEN_PROP_PROMPT, M6_GEN_PROP_PROMPT_FILE, M6_GEN_PROP_SEED, M6_GEN_PROP_EVERY, M6_GEN_PROP_AT, M6_GEN_PROP_FADE, M6_GEN_PROP_MODEL, M6_GEN_PROP_HOST,
    M6_GEN_PROP_TIMEOUT, M6_GEN_PROP_ON_ERROR, M6_GEN_PROP_OPTIONS, M6_GEN_PROP_LIVE, M6_GEN_PROP_MODE, M6_GEN_PROP_X, M6_GEN_PROP_Y, M6_GEN_PROP_WIDTH,
    M6_GEN_PROP_HEIGHT, M6_GEN_PROP_OPACITY, M6_GEN_PROP_KEY_COLOR, M6_GEN_PROP_SIMILARITY, M6_GEN_PROP_BLEND,
    M6_GEN_PROP_SET, /* those before can be set */
    M6_GEN_PROP_CONNECTED = M6_GEN_PROP_SET, M6_GEN_PROP_PICTURES, M6_GEN_PROP_LAST_LATENCY,
    M6_GEN_PROP_END, /* an element's own begin here */
};

typedef struct {
    GstElement *element; /* not a reference */
    GMutex lock;         /* guards what follows, but gen */
    GValue value[M6_GEN_PROP_SET];
    gboolean is_set[M6_GEN_PROP_SET], changed[M6_GEN_PROP_SET];
    gboolean connected;
    guint64 pictures;
    GstClockTime last_latency;

    struct m6_gen *gen; /* between start and stop */
    /* The streaming thread's. */
    gchar *told_trouble;   /* so that each is told once */
    gboolean is_drawing;   /* a PROGRESS has begun */
    gint told_percent;
    gboolean told_connected;
    GstClockTime stream_time;
} M6GenProps;

/* placing: also those of where and how, which a source has no use for. */
void m6_gen_props_install(GObjectClass *, gboolean placing);
void m6_gen_props_init(M6GenProps *, GstElement *);
void m6_gen_props_finish(M6GenProps *);
/* FALSE: the property is the element's own. */
gboolean m6_gen_props_set(M6GenProps *, guint id, const GValue *);
gboolean m6_gen_props_get(M6GenProps *, guint id, GValue *);

/* Makes the gen; FALSE after an error message. */
gboolean m6_gen_props_start(M6GenProps *, gboolean live);
void m6_gen_props_stop(M6GenProps *);
/* On the streaming thread: takes what was set, asks for the picture of the frame, and tells what there is to tell. An error message has been posted when it is
 * M6_GEN_ENDED. */
enum m6_gen_verdict m6_gen_props_prepare(M6GenProps *, const struct m6_gen_frame *, GstClockTime stream_time);
/* M6PictureMeta (prompt, seed, model, caption, latency) for what the last prepare chose. */
void m6_gen_props_add_meta(M6GenProps *, GstBuffer *);

G_END_DECLS

#endif
