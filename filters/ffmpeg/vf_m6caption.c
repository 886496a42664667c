/* m6caption: what a video shows, in words, by a resident M6 model. The video passes untouched.
 *
 * A caption says what the first frame of a stretch shows; a stretch lasts `every`, or until a new scene begins. It goes to the destination,
 * and on a frame as lavfi.m6.text, .pts and .duration.
 *
 * Not live, it is exact. One frame is held back, so that the last frame of each stretch is known, and carries the caption of the stretch that
 * began queue - 1 stretches before: with queue=1, its own. What is not yet answered then is waited for. What the last queue - 1 stretches show
 * has no frame left to go on, and stands in the destination alone.
 * Live, nothing is waited for: pictures that the host has no time for are dropped, and a caption goes on the frame that comes next.
 *
 * Asking the host is filters/common/captions.h of M6; the source is the same from FFmpeg 5.1 to 9.0 (compat.h).
 */
#include "m6/compat.h"

#include <pthread.h>

#include "libavutil/avstring.h"
#include "libavutil/dict.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/pixdesc.h"
#include "libswscale/swscale.h"

#include "m6/common/captions.h"
#include "m6/destination.h"
#include "m6/frame.h"
#include "m6/scene.h"

enum { SIDE_MAX = 1024 };                          /* of what the model is shown */
static const int64_t scan = 100000000;             /* how often scenes are looked for, ns */
static const AVRational nanoseconds = {1, 1000000000};
static const struct m6_frame_turn upright;
#define QUEUE_MAX M6_CAPTIONS_IN_FLIGHT_MAX

/* A stretch, from its first frame until its caption has gone out. Guarded by the lock once it has a sample. */
typedef struct Stretch {
    int64_t sample;     /* 0: it was not taken */
    int64_t start, end; /* ns */
    int answered;
    enum m6_status status;
    char *text;  /* NULL: there is none, */
    char *why;   /* and why */
    char *model;
} Stretch;

typedef struct M6CaptionContext {
    const AVClass *class;
    char *prompt, *language, *seed, *destination, *model, *host;
    int format, queue, live, on_error;
    int64_t every; /* microseconds */
    double scene;

    struct m6_captions *captions;
    struct m6_frame_converter *converter; /* the captions' thread's */
    struct m6_frame_converter *grey_converter;
    struct m6_destination *out;
    int64_t number; /* of frames */

    AVFrame *held;
    int64_t held_start, held_end; /* ns */
    int64_t due;      /* when the next stretch begins by the clock, ns */
    int64_t scan_due;
    uint8_t grey[2][M6_SCENE_WIDTH * M6_SCENE_HEIGHT]; /* of the last look, and of how the scene began */
    int has_begun;

    pthread_mutex_t lock;
    int has_lock;
    Stretch stretch[QUEUE_MAX + 1]; /* those that are open or unanswered, in order */
    int stretches;
    char *told;
    int eof;
} M6CaptionContext;

#define OFFSET(field) offsetof(M6CaptionContext, field)
#define FLAGS (AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM)
#define RUNTIME (FLAGS | AV_OPT_FLAG_RUNTIME_PARAM)

static const AVOption m6caption_options[] = {
    {"prompt", "a question about the video, instead of a caption", OFFSET(prompt), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, RUNTIME},
    {"every", "how long a stretch lasts", OFFSET(every), AV_OPT_TYPE_DURATION, {.i64 = 2000000}, 0, INT64_MAX / 1000, RUNTIME},
    {"scene", "how much must change for a new scene to begin, such as 0.06; 0: only every counts", OFFSET(scene), AV_OPT_TYPE_DOUBLE, {.dbl = 0}, 0, 1, RUNTIME},
    {"language", "language of the captions", OFFSET(language), AV_OPT_TYPE_STRING, {.str = "en"}, 0, 0, RUNTIME},
    {"destination", "file or URL that captions are written to; - is the standard output", OFFSET(destination), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FLAGS},
    {"format", "what is written there", OFFSET(format), AV_OPT_TYPE_INT, {.i64 = M6_DESTINATION_SRT}, 0, M6_DESTINATION_FORMATS - 1, FLAGS, "format"},
    {"srt", "SubRip", 0, AV_OPT_TYPE_CONST, {.i64 = M6_DESTINATION_SRT}, 0, 0, FLAGS, "format"},
    {"vtt", "WebVTT", 0, AV_OPT_TYPE_CONST, {.i64 = M6_DESTINATION_VTT}, 0, 0, FLAGS, "format"},
    {"json", "an object a line", 0, AV_OPT_TYPE_CONST, {.i64 = M6_DESTINATION_JSON}, 0, 0, FLAGS, "format"},
    {"queue", "how many captions may be unanswered", OFFSET(queue), AV_OPT_TYPE_INT, {.i64 = 1}, 1, QUEUE_MAX, FLAGS},
    {"live", "never wait, drop", OFFSET(live), AV_OPT_TYPE_BOOL, {.i64 = 0}, 0, 1, FLAGS},
    {"seed", "for sampling", OFFSET(seed), AV_OPT_TYPE_STRING, {.str = "0"}, 0, 0, RUNTIME},
    {"model", "model that the host must serve", OFFSET(model), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FLAGS},
    {"host", "socket of the host", OFFSET(host), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FLAGS},
    {"on_error", "when there is no caption", OFFSET(on_error), AV_OPT_TYPE_INT, {.i64 = 0}, 0, 1, FLAGS, "on_error"},
    {"pass", "the video goes on without", 0, AV_OPT_TYPE_CONST, {.i64 = 0}, 0, 0, FLAGS, "on_error"},
    {"fail", "the video ends with an error", 0, AV_OPT_TYPE_CONST, {.i64 = 1}, 0, 0, FLAGS, "on_error"},
    {NULL},
};

AVFILTER_DEFINE_CLASS(m6caption);

/* ---- frames for the model ---- */

static void frame_size(void *arg, void *frame, int *width, int *height)
{
    const AVFrame *f = frame;
    int w, h;
    m6_frame_displayed(f->width, f->height, f->sample_aspect_ratio, &upright, &w, &h);
    m6_frame_fit(w, h, SIDE_MAX, SIDE_MAX, width, height);
}

static enum m6_status frame_convert(void *arg, void *frame, int width, int height, uint8_t *rgb, struct m6_error *err)
{
    M6CaptionContext *s = ((AVFilterContext *)arg)->priv;
    return m6_frame_convert(s->converter, frame, &upright, width, height, rgb, err);
}

static void frame_release(void *arg, void *frame)
{
    AVFrame *f = frame;
    av_frame_free(&f);
}

/* ---- what the host says ---- */

/* From the captions' thread. */
static void on_event(void *arg, const struct m6_captions_event *e)
{
    AVFilterContext *ctx = arg;
    M6CaptionContext *s = ctx->priv;
    if (e->type == M6_CAPTIONS_PROGRESS)
        av_log(ctx, AV_LOG_VERBOSE, "the model is being loaded: %.0f of %.0f\n", e->done, e->total);
    if (e->type != M6_CAPTIONS_TEXT && e->type != M6_CAPTIONS_DROPPED && e->type != M6_CAPTIONS_FAILED)
        return;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < s->stretches; i++) {
        Stretch *one = &s->stretch[i];
        if (one->sample != (int64_t)e->sample || one->answered)
            continue;
        one->answered = 1;
        one->status = e->status;
        if (e->type == M6_CAPTIONS_TEXT)
            one->text = av_strdup(e->text);
        else
            one->why = av_strdup(e->text);
        one->model = av_strdup(e->model ? e->model : "");
    }
    pthread_mutex_unlock(&s->lock);
}

/* ---- captions that are there ---- */

static void add_seconds(AVDictionary **metadata, const char *key, int64_t ns)
{
    char text[32];
    snprintf(text, sizeof text, "%.6f", (double)ns / 1e9);
    av_dict_set(metadata, key, text, 0);
}

static int give(AVFilterContext *ctx, const Stretch *one, AVFrame *on)
{
    M6CaptionContext *s = ctx->priv;
    struct m6_destination_caption caption = {.start_ns = one->start, .end_ns = one->end, .text = one->text, .model = one->model, .language = s->language};
    struct m6_error err;
    if (!one->text) {
        const char *why = one->why && one->why[0] ? one->why : "the host had no time for a picture";
        if (s->on_error && !s->live) {
            av_log(ctx, AV_LOG_ERROR, "no caption at %.3f s: %s\n", (double)one->start / 1e9, why);
            return AVERROR_EXTERNAL;
        }
        m6_tell(ctx, &s->told, s->live ? AV_LOG_VERBOSE : AV_LOG_WARNING, why);
        return 0;
    }
    if (on) {
        av_dict_set(&on->metadata, "lavfi.m6.text", one->text, 0);
        add_seconds(&on->metadata, "lavfi.m6.pts", one->start);
        add_seconds(&on->metadata, "lavfi.m6.duration", one->end - one->start);
        av_dict_set(&on->metadata, "lavfi.m6.model", one->model, 0);
    }
    if (s->out && m6_destination_write(s->out, &caption, &err)) {
        av_log(ctx, AV_LOG_ERROR, "%s\n", err.text);
        return AVERROR(EIO);
    }
    return 0;
}

/* Takes the first stretch away if it has ended and is answered; 1: so it was. The strings are the caller's then. */
static int take_first(M6CaptionContext *s, Stretch *taken)
{
    pthread_mutex_lock(&s->lock);
    const int is = s->stretches && s->stretch[0].answered && (s->live || s->stretch[0].end != INT64_MAX);
    if (is) {
        *taken = s->stretch[0];
        if (taken->end == INT64_MAX) /* not known yet */
            taken->end = taken->start + s->every * 1000;
        memmove(s->stretch, s->stretch + 1, (size_t)--s->stretches * sizeof *s->stretch);
    }
    pthread_mutex_unlock(&s->lock);
    return is;
}

static void finish_stretch(Stretch *one)
{
    av_freep(&one->text);
    av_freep(&one->why);
    av_freep(&one->model);
}

/* Gives the first stretches until at most `left` remain, waiting for them; live, those that are there. The last goes on the frame. */
static int give_until(AVFilterContext *ctx, int left, AVFrame *on)
{
    M6CaptionContext *s = ctx->priv;
    Stretch one;
    int ret = 0;
    while (s->stretches > left && ret >= 0) {
        if (!s->live)
            m6_captions_wait(s->captions, s->stretch[0].sample, -1);
        if (!take_first(s, &one))
            break;
        ret = give(ctx, &one, on);
        finish_stretch(&one);
        if (s->live && on) /* one a frame, so that none is lost */
            break;
    }
    return ret;
}

/* ---- stretches ---- */

static int begins_scene(AVFilterContext *ctx, const AVFrame *f, int64_t t)
{
    M6CaptionContext *s = ctx->priv;
    uint8_t grey[M6_SCENE_WIDTH * M6_SCENE_HEIGHT];
    struct m6_error err;
    if (s->scene <= 0 || t < s->scan_due)
        return 0;
    s->scan_due = t + scan;
    if (m6_frame_grey(s->grey_converter, f, grey, &err)) {
        m6_tell(ctx, &s->told, AV_LOG_WARNING, err.text);
        return 0;
    }
    /* A cut differs from the picture before; what changes slowly, from how the scene began. */
    const int begins = !s->has_begun || m6_scene_difference(s->grey[0], grey) > s->scene || m6_scene_difference(s->grey[1], grey) > 2 * s->scene;
    memcpy(s->grey[0], grey, sizeof grey);
    if (begins)
        memcpy(s->grey[1], grey, sizeof grey);
    return begins;
}

static int is_due(AVFilterContext *ctx, const AVFrame *f, int64_t t)
{
    M6CaptionContext *s = ctx->priv;
    const int64_t every = s->every * 1000;
    const int is_scene = begins_scene(ctx, f, t);
    if (s->has_begun && !is_scene && (every <= 0 || t < s->due))
        return 0;
    if (every > 0 && (!s->has_begun || s->scene > 0))
        s->due = t + every;
    else if (every > 0) /* what frames come late does not add up */
        s->due += (t - s->due) / every * every + every;
    s->has_begun = 1;
    return 1;
}

static void end_stretch(M6CaptionContext *s, int64_t end)
{
    pthread_mutex_lock(&s->lock);
    if (s->stretches && s->stretch[s->stretches - 1].end == INT64_MAX)
        s->stretch[s->stretches - 1].end = FFMAX(end, s->stretch[s->stretches - 1].start);
    pthread_mutex_unlock(&s->lock);
}

static int begin_stretch(AVFilterContext *ctx, const AVFrame *f, int64_t t)
{
    M6CaptionContext *s = ctx->priv;
    const char *languages[] = {s->language};
    const struct m6_captions_sample sample = {.start_ns = t, .prompt = s->prompt, .languages = languages, .language_count = 1, .seed = (int64_t)strtoull(s->seed, NULL, 10)};
    AVFrame *copy = av_frame_clone(f);
    if (!copy)
        return AVERROR(ENOMEM);
    if (s->stretches == QUEUE_MAX + 1) { /* live, and the host silent */
        av_frame_free(&copy);
        return 0;
    }
    pthread_mutex_lock(&s->lock); /* what becomes of it may be told at once */
    const int64_t number = m6_captions_begin(s->captions, &sample);
    Stretch *one = &s->stretch[s->stretches++];
    *one = (Stretch){.sample = FFMAX(number, 0), .start = t, .end = INT64_MAX, .answered = number <= 0};
    if (number <= 0 && !s->live)
        one->why = av_strdup("no host answers; start one with `m6 serve`, or see `m6 doctor`");
    pthread_mutex_unlock(&s->lock);
    if (number <= 0) {
        av_frame_free(&copy);
        return 0;
    }
    m6_captions_frame(s->captions, number, copy, t, 0);
    m6_captions_end(s->captions, number, t);
    return 0;
}

/* ---- the filter ---- */

static int64_t parse_seed(AVFilterContext *ctx, const char *text)
{
    char *end;
    errno = 0;
    strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno)
        return 0;
    av_log(ctx, AV_LOG_ERROR, "seed=%.40s is no whole number from 0 to 18446744073709551615\n", text);
    return AVERROR(EINVAL);
}

static av_cold int init(AVFilterContext *ctx)
{
    M6CaptionContext *s = ctx->priv;
    struct m6_error err = {""};
    const struct m6_captions_params params = {
        .host = s->host,
        .name = "m6caption",
        .model = s->model,
        .policy = s->live ? M6_CAPTIONS_DROP_OLDEST : M6_CAPTIONS_BLOCK,
        .live = s->live,
        .in_flight = s->queue,
        .arg = ctx,
        .size = frame_size,
        .convert = frame_convert,
        .release = frame_release,
        .event = on_event,
    };
    if (parse_seed(ctx, s->seed ? s->seed : "") < 0)
        return AVERROR(EINVAL);
    if (s->every <= 0 && s->scene <= 0) {
        av_log(ctx, AV_LOG_ERROR, "with every=0, scene must say when there is something new, such as scene=0.06\n");
        return AVERROR(EINVAL);
    }
    s->has_lock = !pthread_mutex_init(&s->lock, NULL);
    s->converter = m6_frame_converter_create();
    s->grey_converter = m6_frame_converter_create();
    s->held = NULL;
    if (!s->has_lock || !s->converter || !s->grey_converter)
        return AVERROR(ENOMEM);
    if (s->destination && s->destination[0] && m6_destination_open(&s->out, s->destination, s->format, &err)) {
        av_log(ctx, AV_LOG_ERROR, "%s\n", err.text);
        return AVERROR(EIO);
    }
    if (m6_captions_create(&s->captions, &params, &err)) {
        av_log(ctx, AV_LOG_ERROR, "%s\n", err.text);
        return AVERROR(ENOMEM);
    }
    return 0;
}

static int process_command(AVFilterContext *ctx, const char *name, const char *value, char *res, int res_len, int flags)
{
    if (!av_opt_find(ctx->priv, name, NULL, AV_OPT_FLAG_RUNTIME_PARAM, 0))
        return AVERROR(ENOSYS);
    if (!strcmp(name, "seed") && parse_seed(ctx, value) < 0)
        return AVERROR(EINVAL);
    return av_opt_set(ctx->priv, name, value, 0);
}

static int query_formats(AVFilterContext *ctx)
{
    AVFilterFormats *formats = NULL;
    const AVPixFmtDescriptor *desc = NULL;
    int ret = m6_refuse_hardware(ctx);
    while (ret >= 0 && (desc = av_pix_fmt_desc_next(desc)))
        if (!(desc->flags & AV_PIX_FMT_FLAG_HWACCEL) && sws_isSupportedInput(av_pix_fmt_desc_get_id(desc)))
            ret = ff_add_format(&formats, av_pix_fmt_desc_get_id(desc));
    return ret < 0 ? ret : ff_set_common_formats(ctx, formats);
}

static int64_t time_of(M6CaptionContext *s, AVFilterLink *inlink, const AVFrame *f)
{
    const AVRational rate = M6_LINK(inlink)->frame_rate;
    if (f->pts != AV_NOPTS_VALUE)
        return av_rescale_q(f->pts, inlink->time_base, nanoseconds);
    return rate.num > 0 && rate.den > 0 ? av_rescale_q(s->number, av_inv_q(rate), nanoseconds) : 0;
}

static int64_t length_of(AVFilterLink *inlink, AVFrame *f)
{
    const AVRational rate = M6_LINK(inlink)->frame_rate;
    if (*m6_frame_duration(f) > 0)
        return av_rescale_q(*m6_frame_duration(f), inlink->time_base, nanoseconds);
    return rate.num > 0 && rate.den > 0 ? av_rescale_q(1, av_inv_q(rate), nanoseconds) : 0;
}

static int send_held(AVFilterContext *ctx)
{
    M6CaptionContext *s = ctx->priv;
    AVFrame *f = s->held;
    s->held = NULL;
    return f ? ff_filter_frame(ctx->outputs[0], f) : 0;
}

static int filter_frame(AVFilterLink *inlink, AVFrame *f)
{
    AVFilterContext *ctx = inlink->dst;
    M6CaptionContext *s = ctx->priv;
    const int64_t t = time_of(s, inlink, f);
    int ret = 0;
    const int begins = !ctx->is_disabled && is_due(ctx, f, t);
    const int ends = begins || (ctx->is_disabled && s->has_begun);
    if (s->out && !s->number)
        m6_destination_begin(s->out, t);
    s->number++;
    if (ends)
        end_stretch(s, t);
    if (ctx->is_disabled)
        s->has_begun = 0;
    if (!s->live && ends)
        ret = give_until(ctx, s->queue - 1, s->held);
    if (ret >= 0 && begins)
        ret = begin_stretch(ctx, f, t);
    if (ret >= 0 && s->live)
        ret = give_until(ctx, 0, f);
    if (ret >= 0)
        ret = send_held(ctx);
    if (ret < 0) {
        av_frame_free(&f);
        return ret;
    }
    s->held_start = t;
    s->held_end = t + length_of(inlink, f);
    if (s->live)
        return ff_filter_frame(ctx->outputs[0], f);
    s->held = f;
    return 1; /* nothing has come of it yet, perhaps */
}

/* A stretch of which no frame has left. */
static void forget_last(M6CaptionContext *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->stretches && s->stretch[s->stretches - 1].start >= s->held_start)
        finish_stretch(&s->stretch[--s->stretches]);
    pthread_mutex_unlock(&s->lock);
}

/* No frame will come: what is open ends, and the last frame goes if somebody takes it. */
static int drain(AVFilterContext *ctx, int is_taken)
{
    M6CaptionContext *s = ctx->priv;
    if (!is_taken && s->held)
        forget_last(s);
    end_stretch(s, is_taken || !s->held ? s->held_end : s->held_start);
    const int ret = give_until(ctx, 0, is_taken ? s->held : NULL);
    return ret < 0 || !is_taken ? ret : send_held(ctx);
}

static av_cold void uninit(AVFilterContext *ctx)
{
    M6CaptionContext *s = ctx->priv;
    if (s->captions && !s->live && !s->eof) /* a new instance takes over, since frames have changed */
        drain(ctx, 0);
    m6_captions_destroy(s->captions);
    for (int i = 0; i < s->stretches; i++)
        finish_stretch(&s->stretch[i]);
    m6_destination_close(s->out);
    m6_frame_converter_destroy(s->converter);
    m6_frame_converter_destroy(s->grey_converter);
    av_frame_free(&s->held);
    av_freep(&s->told);
    if (s->has_lock)
        pthread_mutex_destroy(&s->lock);
}

static int activate(AVFilterContext *ctx)
{
    M6CaptionContext *s = ctx->priv;
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    AVFrame *f;
    int64_t pts;
    int ret, status;
    status = ff_outlink_get_status(outlink);
    if (status) { /* nobody wants more frames, but what was seen has its captions */
        ret = s->eof ? 0 : drain(ctx, 0);
        s->eof = status;
        ff_inlink_set_status(inlink, status);
        return ret;
    }
    ret = ff_inlink_consume_frame(inlink, &f);
    if (ret < 0)
        return ret;
    if (ret) {
        ret = filter_frame(inlink, f);
        s->eof = ret < 0 ? ret : s->eof;
        if (ret == 1) {
            if (ff_inlink_queued_frames(inlink))
                ff_filter_set_ready(ctx, 100);
            else if (ff_outlink_frame_wanted(outlink))
                ff_inlink_request_frame(inlink);
            ret = 0;
        }
        return ret;
    }
    if (!s->eof && ff_inlink_acknowledge_status(inlink, &status, &pts)) {
        s->eof = status;
        ret = drain(ctx, 1);
        ff_outlink_set_status(outlink, ret < 0 ? ret : status, pts);
        return ret < 0 ? ret : 0;
    }
    FF_FILTER_FORWARD_WANTED(outlink, inlink);
    return FFERROR_NOT_READY;
}

static const AVFilterPad inputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO}};
static const AVFilterPad outputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO}};

extern const M6_FILTER ff_vf_m6caption;
const M6_FILTER ff_vf_m6caption = {
    M6_PUBLIC(name) = "m6caption",
    M6_PUBLIC(description) = "Say what the video shows, by a resident M6 model.",
    M6_PUBLIC(priv_class) = &m6caption_class,
    M6_PUBLIC(flags) = AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL | AVFILTER_FLAG_METADATA_ONLY,
    .priv_size = sizeof(M6CaptionContext),
    .init = init,
    .uninit = uninit,
    .activate = activate,
    .process_command = process_command,
    FILTER_INPUTS(inputs),
    FILTER_OUTPUTS(outputs),
    FILTER_QUERY_FUNC(query_formats),
};
