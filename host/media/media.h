/* The media module: everything that needs libav*, in one shared object (lib/m6/m6media.so) with one table, so that what
 * handles stills and text alone never loads it. Get the table with m6_media_load (core/host.h).
 *
 * Times are nanoseconds as a player shows them: 0 is the container's start time, a frame lasts until the next one starts,
 * the last one as long as the file says.
 *
 * Threads: different sources and videos may be used from different threads at once; one of them by one thread at a time.
 */
#ifndef M6_HOST_MEDIA_H
#define M6_HOST_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#include "m6/plugin.h"
#include "m6/status.h"

#define M6_MEDIA_ABI 1
#define M6_MEDIA_SYMBOL "m6_media"

struct m6_media_source;
struct m6_media_video;

/* ---- reading ---- */
struct m6_media_source_params {
    const char *path; /* a file or a URL */
    struct m6_frames_params frames; /* max_width, max_height: 0 means no limit here */
    int threads;                    /* of the decoder; 0: as it likes */
    /* Asked often; non-zero ends a call soon with M6_ERR_CANCELLED. May be NULL. */
    int (*cancelled)(void *arg);
    /* One sentence each; on the calling thread. May be NULL. */
    void (*warn)(void *arg, const char *sentence);
    void *arg;
};

/* Files are written in place: who wants them whole or not at all gives passing names, and renames. */

/* ---- captions ---- */
struct m6_media_cue {
    int64_t start_ns, end_ns; /* half-open; rounded to what the format can say, each time to the nearest */
    const char *text;         /* UTF-8, lines separated by '\n'; made harmless for the format */
};
struct m6_media_captions_params {
    const char *path;   /* .srt, .vtt or .ass */
    const char *format; /* "srt", "vtt", "ass"; NULL: by the path */
    const char *lang;   /* "en", "zh"; may be NULL */
    const char *title;  /* .ass alone; may be NULL */
    int width, height;  /* .ass alone: of the video, for its layout; 0: 1280×720 */
};

/* ---- writing a video ---- */
struct m6_media_video_params {
    const char *path; /* the container by its ending: .mp4, .mov, .mkv, .webm … */
    int width, height; /* an odd side gets its last row or column once more, as yuv420p needs */
    int rate_num, rate_den; /* frames a second */
    int captions;           /* with a text track */
    const char *lang;       /* of it; may be NULL */
    const char *title;      /* metadata; may be NULL */
    const char *comment;    /* metadata; may be NULL */
    int quality;            /* as x264's CRF, 1 (best) … 51; 0: 18 */
};

struct m6_media {
    uint32_t abi, size; /* M6_MEDIA_ABI, sizeof(struct m6_media) */

    enum m6_status (*source_open)(const struct m6_media_source_params *, struct m6_media_source **, struct m6_error *);
    void (*source_info)(const struct m6_media_source *, struct m6_frames_info *);
    /* *got: 1 a frame, 0 the end. A file that breaks off ends, with a warning. */
    enum m6_status (*source_next)(struct m6_media_source *, struct m6_plugin_frame *, int *got, struct m6_error *);
    void (*source_close)(struct m6_media_source *);

    /* Writes a subtitle file, whole or not at all. Cues in order of start. */
    enum m6_status (*captions_write)(const struct m6_media_captions_params *, const struct m6_media_cue *, size_t count,
                                     struct m6_error *);

    enum m6_status (*video_create)(const struct m6_media_video_params *, struct m6_media_video **, struct m6_error *);
    /* The next frame; of the size that was promised. The same input gives the same bytes. */
    enum m6_status (*video_frame)(struct m6_media_video *, const struct m6_plugin_picture *, struct m6_error *);
    /* In order of start, any time before finish; best before the frames that it covers. */
    enum m6_status (*video_cue)(struct m6_media_video *, const struct m6_media_cue *, struct m6_error *);
    /* Ends the file and gives it its name. */
    enum m6_status (*video_finish)(struct m6_media_video *, struct m6_error *);
    void (*video_destroy)(struct m6_media_video *); /* drops a video that was not finished; NULL is fine */

    /* Versions, and the encoder that video_create uses for .mp4: "libavcodec 59.37.100, …". */
    void (*describe)(char *out, size_t size);
};

#endif
