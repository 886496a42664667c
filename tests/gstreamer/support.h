/* m6caption on a harness: frames of one colour in, video and text out, and a host in the same process whose captions come when told. */
#ifndef M6_TESTS_GSTREAMER_SUPPORT_H
#define M6_TESTS_GSTREAMER_SUPPORT_H

#include "../server/support.h"

#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/gst.h>

/* What a text pad gave. */
struct text {
    char kind;         /* stream-start: s, caps: c, segment: g, gap: -, text: t, EOS: e, flush start and stop: < > */
    gint64 start, end; /* milliseconds; -1: none */
    gchar *text;
};

struct rig {
    GstElement *element;
    GstHarness *video, *text[2]; /* NULL without a pad */
    GAsyncQueue *said[2];        /* of struct text, as it passed */
    struct text now[2];
    gint64 gap_end[2];
    GstBus *bus;
};

/* A host with the slow plugin alone. */
void slow_serve(void);
/* Captions take so many milliseconds, or "hold" or "refuse"; `more` is appended to each. */
void slow_set(const char *first, const char *more);

/* properties: as gst-launch has them. texts: 0 to 2 text pads. The host is the running one, or none. */
void rig_open(struct rig *, const char *properties, int texts, int live);
void rig_close(struct rig *);
/* One I420 frame of 64x36 at a time, in milliseconds. */
GstBuffer *rig_frame(int at_ms, int length_ms);
GstFlowReturn rig_push(struct rig *, int at_ms, int length_ms);
/* The next element message of this name, warning (NULL name) …; NULL: none within half a second (or, with wait, ten). */
GstMessage *rig_message(struct rig *, GstMessageType, const char *name, int wait);

/* The next of a text pad, waited for up to ten seconds; empty gaps are passed over. It lasts until the next call. */
struct text *text_next(struct rig *, int pad);
/* The next that is no gap; no text lies behind a gap. */
struct text *text_after_gaps(struct rig *, int pad);
/* Nothing but gaps comes for so long. */
void text_is_quiet(struct rig *, int pad, int for_ms);

#endif
