/* What the files of m6caption share.
 *
 *     m6caption.c       the element: properties, pads, states
 *     caption_video.c   the streaming thread: which frames are sampled, what passes
 *     caption_work.c    the thread of filters/common: conversion, answers, messages
 *     caption_text.c    a text pad: a sparse stream with a task of its own
 *     caption_news.c    one caption: as metadata, message, tags, buffer
 *
 * Locks, in the order in which they may be taken: a pad's stream lock; `lock`; that of filters/common; the object lock. No lock but a stream
 * lock is held while anything is pushed, posted or notified.
 */
#ifndef M6_GST_CAPTION_PRIVATE_H
#define M6_GST_CAPTION_PRIVATE_H

#include <gst/video/video.h>

#include "captions.h"
#include "m6/m6.h"
#include "m6/scene.h"
#include "m6caption.h"
#include "videoframe.h"

G_BEGIN_DECLS

enum caption_mode { CAPTION_IMAGE, CAPTION_WINDOW };
enum caption_trigger { CAPTION_INTERVAL, CAPTION_SCENE, CAPTION_MANUAL };
enum caption_policy { CAPTION_AUTO, CAPTION_DROP_OLDEST, CAPTION_DROP_NEWEST, CAPTION_BLOCK, CAPTION_SYNC };
enum caption_late { CAPTION_RESTAMP, CAPTION_DROP };
enum caption_metadata { CAPTION_META = 1, CAPTION_MESSAGE = 2, CAPTION_TAGS = 4 };

enum { CAPTION_RECENT = 2 * M6_CAPTIONS_IN_FLIGHT_MAX };

/* What can be set; guarded by the object lock. */
struct caption_settings {
    gchar *prompt, *language, *host, *model;
    gint mode, trigger, policy, late;
    guint64 every, window, max_latency; /* nanoseconds */
    gdouble scene_threshold;
    guint max_in_flight;
    gint64 seed;
    guint metadata;
};

/* Of a stretch of frames; shared by them. */
struct caption_format {
    gint refs;
    GstVideoInfo info;
    struct m6_frame_turn turn;
};

/* A frame on its way to be converted. */
struct caption_frame {
    GstBuffer *buffer;
    struct caption_format *format;
};

/* An answer; never changed once made. */
struct caption_news {
    gint refs;
    uint64_t sample;
    uint32_t epoch;
    GstClockTime start, end; /* as frames have them; end may be GST_CLOCK_TIME_NONE */
    GstClockTime latency;
    gint64 seed;
    gchar *text, *language, *model, *prompt; /* language: NULL if one answer serves all; prompt: NULL for a caption */
};

struct caption_mark {
    uint64_t id;
    GstEvent *event; /* stream-start, segment or EOS of the video */
    uint32_t epoch;
};

struct _M6Caption {
    GstElement parent;
    GstPad *sink, *src;
    struct caption_settings set;

    struct m6_captions *captions; /* from READY to PAUSED and back */

    /* ---- the streaming thread's ---- */
    GstSegment segment;
    struct caption_format *format; /* NULL: no caps yet, or none that can be converted */
    gint64 next;            /* the pts from which the next frame is sampled */
    gboolean begun;         /* a frame of this segment has come */
    gint64 open;            /* the sample that still takes frames; 0: none */
    gint64 open_end, pick;  /* where its window ends; the pts from which it takes its next frame */
    gint64 pick_step;
    guint picked;
    gint64 recent[CAPTION_RECENT]; /* the last samples, in a ring */
    guint recent_at;
    gint64 shown;           /* up to this sample metadata may tell */
    GstBufferPool *copies;  /* for frames of a pool that has none to spare */
    GstCaps *copies_caps;
    GstBufferPool *judged;  /* a pool that has been looked at; compared only */
    gboolean judged_tight;

    GMutex lock; /* guards what follows */
    GCond changed;
    GList *texts;          /* of M6CaptionText */
    guint text_number;
    uint32_t epoch;        /* counts segments */
    GstClockTime video_end; /* until where video has come, in the segment's own time */
    gboolean live, eos;
    GstClockTime upstream_latency;
    GQueue marks, news;    /* of caption_mark; of caption_news that metadata may tell, oldest first */
    uint64_t last_mark;
    guint asked_buffers;   /* what the ALLOCATION answer asked upstream to have at least */
    guint32 seek_seqnum;
    gboolean seek_result, asked_manually;
    /* As the text pads have been told. */
    GstEvent *stream_start, *text_segment;
    uint32_t text_epoch;
    struct caption_news *tagged; /* for the next tag event */

    gboolean is_open; /* `captions` may be asked */
    struct m6_captions_stats last_stats; /* when it no longer may */
    GstClockTime max_delay;
    gboolean is_loading, is_connected;
    gchar *warned; /* what was warned of last, until something goes well */
    GstClockTime warned_delay;
    AVFrame *wrapped;      /* these three are the work thread's */
    struct m6_frame_converter *converter;
    gboolean device_lost; /* its Vulkan device, and said so */
};

/* ---- caption_video.c ---- */
GstFlowReturn caption_chain(GstPad *, GstObject *, GstBuffer *);
gboolean caption_sink_event(GstPad *, GstObject *, GstEvent *);
gboolean caption_sink_query(GstPad *, GstObject *, GstQuery *);
gboolean caption_src_event(GstPad *, GstObject *, GstEvent *);
gboolean caption_src_query(GstPad *, GstObject *, GstQuery *);
void caption_reset(M6Caption *);
/* Asks upstream whether it is live, and lets the policy follow. */
void caption_look_if_live(M6Caption *);
/* The properties, or liveness, have changed. */
void caption_configure(M6Caption *);
/* A seek, whichever pad it came by; takes the event. */
gboolean caption_seek(M6Caption *, GstEvent *);
void caption_format_unref(struct caption_format *);

/* ---- caption_work.c ---- */
gboolean caption_open(M6Caption *);
void caption_close(M6Caption *);
struct caption_frame *caption_frame_new(GstBuffer *, struct caption_format *);
void caption_frame_free(struct caption_frame *);
/* With `lock` held: the mark with an event, so that the text pads hear of it in its turn. Takes the event. */
uint64_t caption_mark_add(M6Caption *, GstEvent *);
void caption_marks_clear(M6Caption *);

/* ---- caption_news.c ---- */
struct caption_news *caption_news_new(const struct m6_captions_event *);
struct caption_news *caption_news_ref(struct caption_news *);
void caption_news_unref(struct caption_news *);
/* Once a process. */
void caption_news_register(void);
/* Takes a frame, and gives it with the metadata. */
GstBuffer *caption_news_attach(const struct caption_news *, GstBuffer *);
GstMessage *caption_news_message(M6Caption *, const struct caption_news *);
GstTagList *caption_news_tags(const struct caption_news *);
GstBuffer *caption_news_buffer(const struct caption_news *, GstClockTime start, GstClockTime end);

/* ---- caption_text.c ---- */
#define M6_TYPE_CAPTION_TEXT (m6_caption_text_get_type())
G_DECLARE_FINAL_TYPE(M6CaptionText, m6_caption_text, M6, CAPTION_TEXT, GstPad)

/* Both with `lock` held. */
void caption_text_put_news(M6CaptionText *, struct caption_news *);
void caption_text_put_event(M6CaptionText *, GstEvent *event, uint32_t epoch); /* takes the event */
/* The language that it asks for; the caller's. */
gchar *caption_text_language(M6CaptionText *);
M6CaptionText *caption_text_new(M6Caption *, GstPadTemplate *, const gchar *name, const gchar *language);
/* A flush, as the sink pad hears of it. */
void caption_text_flush_start(M6CaptionText *, GstEvent *);
void caption_text_flush_stop(M6CaptionText *, GstEvent *);
/* The stream-start of a pad's own stream, for one of the video. */
GstEvent *caption_text_stream_start(M6CaptionText *, GstEvent *video);
/* With `lock` held: an answer came so long after its frames; the pad or the element says so when it can. */
void caption_note_late(M6Caption *, const struct caption_news *, GstClockTime delay);

G_END_DECLS

#endif
