/* m6gen and m6gen_src: pictures drawn from a prompt by a resident M6 model, over a video or as one.
 *
 * A thin layer: options, which picture when, and compositing are filters/common and filters/frame of M6, the same for every front end. Here frames are
 * taken and given. One that a picture hides wholly gets references to a frame made once; the others are written in place.
 *
 * The source is the same from FFmpeg 5.1 to 9.0 (compat.h).
 */
#include "m6/compat.h"

#include "libavutil/avstring.h"
#include "libavutil/dict.h"
#include "libavutil/mathematics.h"
#include "libavutil/mem.h"
#include "libavutil/opt.h"
#include "libavutil/parseutils.h"
#include "libavutil/pixdesc.h"

#include "m6/common/gen.h"
#include "m6/frame.h"

typedef struct M6GenContext {
    const AVClass *class;
    /* Options as given; NULL: not given. filters/common/gen_options.h reads them. */
    char *prompt, *prompt_file, *seed, *mode, *x, *y, *w, *h, *opacity, *every, *at, *fade, *keycolor, *similarity, *blend;
    char *model, *host, *timeout, *live, *on_error;
    /* The source's own. */
    int width, height;
    AVRational rate, sar;
    int64_t duration; /* microseconds; negative: no end */

    struct m6_gen *gen;
    int64_t number; /* of the frame */
    AVFrame *whole; /* what hides frames, or NULL */
    uint64_t whole_serial;
    AVFrame *black; /* the source, while there is no picture */
    struct m6_frame_converter *converter; /* for mode=region */
    AVDictionary *metadata;               /* of the picture of that seed, model and prompt */
    uint64_t metadata_seed;
    int64_t metadata_latency;
    char *told; /* the trouble that was told last */
} M6GenContext;

#define OFFSET(field) offsetof(M6GenContext, field)
#define FLAGS (AV_OPT_FLAG_FILTERING_PARAM | AV_OPT_FLAG_VIDEO_PARAM)
#define FIXED(name, help) {#name, help, OFFSET(name), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FLAGS}
#define TEXT(name, help) {#name, help, OFFSET(name), AV_OPT_TYPE_STRING, {.str = NULL}, 0, 0, FLAGS | AV_OPT_FLAG_RUNTIME_PARAM}

#define WHAT                                                                                   \
    TEXT(prompt, "what to draw"),                                                              \
    TEXT(prompt_file, "file that holds the prompt; read again when it changes"),               \
    TEXT(seed, "the same prompt, seed and size give the same picture (default 0)")
#define WHEN                                                                                   \
    TEXT(every, "time after which a new picture comes, with the next seed"),                   \
    TEXT(at, "times at which a new picture comes, such as 2.5|7|1:02"),                        \
    TEXT(fade, "time in which a new picture comes in over the one before (default 0)")
#define WHENCE                                                                                 \
    FIXED(model, "model that the host must serve (default: whatever it has)"),                 \
    FIXED(host, "socket of the host (default: M6_HOST, else the user's own)"),                 \
    FIXED(timeout, "time to wait for a picture (default 60)"),                                 \
    FIXED(live, "0: frames wait for their picture; 1: never (default 0)"),                     \
    TEXT(on_error, "when there is no picture: pass the frame, fail, or show a slate (default pass)")

static const AVOption m6gen_options[] = {
    WHAT,
    TEXT(mode, "replace the frame, overlay it, lie behind its key colour, or draw a region anew: replace (default), overlay, key, region"),
    TEXT(x, "left edge: an expression of W, H (frame), w, h (picture), t and n"),
    TEXT(y, "upper edge, as x"),
    TEXT(w, "width, as x"),
    TEXT(h, "height, as x"),
    TEXT(opacity, "0 (the frame) to 1 (the picture), as x (default 1)"),
    WHEN,
    TEXT(keycolor, "colour that the picture shows through, in mode key (default 0x00FF00)"),
    TEXT(similarity, "how far from the key colour counts as it (default 0.2)"),
    TEXT(blend, "how softly that ends (default 0.1)"),
    WHENCE,
    {NULL},
};

static const AVOption m6gen_src_options[] = {
    WHAT,
    {"size", "size of the video", OFFSET(width), AV_OPT_TYPE_IMAGE_SIZE, {.str = "1280x720"}, 0, 0, FLAGS},
    {"s", "size of the video", OFFSET(width), AV_OPT_TYPE_IMAGE_SIZE, {.str = "1280x720"}, 0, 0, FLAGS},
    {"rate", "frames a second", OFFSET(rate), AV_OPT_TYPE_VIDEO_RATE, {.str = "25"}, 0, INT_MAX, FLAGS},
    {"r", "frames a second", OFFSET(rate), AV_OPT_TYPE_VIDEO_RATE, {.str = "25"}, 0, INT_MAX, FLAGS},
    {"duration", "length of the video (default: no end)", OFFSET(duration), AV_OPT_TYPE_DURATION, {.i64 = -1}, -1, INT64_MAX, FLAGS},
    {"d", "length of the video (default: no end)", OFFSET(duration), AV_OPT_TYPE_DURATION, {.i64 = -1}, -1, INT64_MAX, FLAGS},
    {"sar", "sample aspect ratio", OFFSET(sar), AV_OPT_TYPE_RATIONAL, {.dbl = 1}, 0, INT_MAX, FLAGS},
    WHEN,
    WHENCE,
    {NULL},
};

AVFILTER_DEFINE_CLASS(m6gen);
AVFILTER_DEFINE_CLASS(m6gen_src);

/* ---- options ---- */

static const AVRational nanoseconds = {1, 1000000000};
static const struct m6_frame_turn upright;

/* As m6 reads it: it knows few names of colours, FFmpeg many. */
static const char *value_of(AVFilterContext *ctx, const char *name, const char *value, char colour[16])
{
    uint8_t rgba[4];
    if (strcmp(name, "keycolor") || av_parse_color(rgba, value, -1, ctx) < 0)
        return value;
    snprintf(colour, 16, "0x%02x%02x%02x", rgba[0], rgba[1], rgba[2]);
    return colour;
}

static int averror(enum m6_status status)
{
    return status == M6_ERR_MEMORY ? AVERROR(ENOMEM) : status == M6_ERR_UNSUPPORTED ? AVERROR(ENOSYS) : AVERROR(EINVAL);
}

static void notice(void *arg, const struct m6_feed_notice *n)
{
    AVFilterContext *ctx = arg;
    M6GenContext *s = ctx->priv;
    switch (n->type) {
    case M6_FEED_DRAWING: av_log(ctx, AV_LOG_VERBOSE, "%s: %g of %g\n", n->text[0] ? n->text : "drawing", n->done, n->total); break;
    case M6_FEED_DRAWN:
        av_log(ctx, AV_LOG_VERBOSE, "drawn in %.2f s: %s (seed %" PRIu64 ")\n", (double)n->picture->latency / 1e9, n->picture->prompt, n->picture->seed);
        break;
    case M6_FEED_WARNING:
    case M6_FEED_LOST: m6_tell(ctx, &s->told, AV_LOG_WARNING, n->text); break;
    case M6_FEED_FOUND:
        av_freep(&s->told);
        av_log(ctx, AV_LOG_VERBOSE, "there is a host\n");
        break;
    }
}

static av_cold int init(AVFilterContext *ctx)
{
    M6GenContext *s = ctx->priv;
    struct m6_gen_options options;
    struct m6_error err = {""};
    enum m6_status status = M6_OK;
    char colour[16];
    m6_gen_options_init(&options);
    for (int i = 0; m6_gen_option_names[i] && !status; i++) {
        const char *name = m6_gen_option_names[i];
        const AVOption *o = av_opt_find(s, name, NULL, 0, 0);
        const char *value = o ? *(char **)((uint8_t *)s + o->offset) : NULL;
        if (value)
            status = m6_gen_options_set(&options, name, value_of(ctx, name, value, colour), &err);
    }
    struct m6_gen_params params = {.options = &options, .name = ctx->filter->name, .in_order = 1, .notice = notice, .arg = ctx};
    if (!status)
        status = m6_gen_create(&s->gen, &params, &err);
    m6_gen_options_finish(&options);
    if (status) {
        av_log(ctx, AV_LOG_ERROR, "%s\n", err.text);
        return averror(status);
    }
    return 0;
}

static av_cold void uninit(AVFilterContext *ctx)
{
    M6GenContext *s = ctx->priv;
    m6_gen_destroy(s->gen);
    m6_frame_converter_destroy(s->converter);
    av_frame_free(&s->whole);
    av_frame_free(&s->black);
    av_dict_free(&s->metadata);
    av_freep(&s->told);
}

static int process_command(AVFilterContext *ctx, const char *name, const char *value, char *res, int res_len, int flags)
{
    M6GenContext *s = ctx->priv;
    struct m6_error err = {""};
    char colour[16];
    if (!av_opt_find(s, name, NULL, AV_OPT_FLAG_RUNTIME_PARAM, 0))
        return AVERROR(ENOSYS);
    const enum m6_status status = m6_gen_set(s->gen, name, value_of(ctx, name, value, colour), &err);
    if (!status)
        return av_opt_set(s, name, value, 0);
    av_log(ctx, AV_LOG_ERROR, "%s\n", err.text);
    if (res_len > 0)
        av_strlcpy(res, err.text, (size_t)res_len);
    return averror(status);
}

/* ---- formats ---- */

static int query_formats(AVFilterContext *ctx)
{
    AVFilterFormats *formats = NULL;
    int ret = m6_refuse_hardware(ctx);
    if (ret < 0)
        return ret;
    if (!ctx->nb_inputs) { /* a source's first are those that are taken where all will do */
        if ((ret = ff_add_format(&formats, AV_PIX_FMT_RGB24)) < 0 || (ret = ff_add_format(&formats, AV_PIX_FMT_YUV420P)) < 0)
            return ret;
    }
    for (int i = 0; m6_frame_format_at(i); i++) {
        const enum AVPixelFormat format = av_get_pix_fmt(m6_frame_format_name(m6_frame_format_at(i)));
        if (format == AV_PIX_FMT_NONE || (!ctx->nb_inputs && (format == AV_PIX_FMT_RGB24 || format == AV_PIX_FMT_YUV420P)))
            continue;
        if ((ret = ff_add_format(&formats, format)) < 0)
            return ret;
    }
    return ff_set_common_formats(ctx, formats);
}

/* ---- frames for m6 ---- */

static enum m6_frame_matrix matrix_of(enum AVColorSpace space)
{
    switch (space) {
    case AVCOL_SPC_RGB: return M6_MATRIX_RGB;
    case AVCOL_SPC_BT709: return M6_MATRIX_709;
    case AVCOL_SPC_FCC: return M6_MATRIX_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return M6_MATRIX_601;
    case AVCOL_SPC_SMPTE240M: return M6_MATRIX_240M;
    case AVCOL_SPC_YCGCO: return M6_MATRIX_YCGCO;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return M6_MATRIX_2020;
    default: return M6_MATRIX_UNKNOWN;
    }
}

static struct m6_frame_layout layout_of(const AVFrame *f)
{
    struct m6_frame_layout l = {.format = m6_frame_format_find(av_get_pix_fmt_name(f->format)), .width = f->width, .height = f->height};
    l.matrix = matrix_of(f->colorspace);
    l.range = f->color_range == AVCOL_RANGE_JPEG ? M6_RANGE_FULL : f->color_range == AVCOL_RANGE_MPEG ? M6_RANGE_LIMITED : M6_RANGE_UNKNOWN;
    l.siting = f->chroma_location > AVCHROMA_LOC_UNSPECIFIED && f->chroma_location <= AVCHROMA_LOC_BOTTOM ? (enum m6_frame_siting)f->chroma_location
                                                                                                         : M6_SITING_UNKNOWN;
    l.transfer = f->color_trc == AVCOL_TRC_SMPTE2084       ? M6_TRANSFER_PQ
                 : f->color_trc == AVCOL_TRC_ARIB_STD_B67  ? M6_TRANSFER_HLG
                 : f->color_trc == AVCOL_TRC_UNSPECIFIED   ? M6_TRANSFER_UNKNOWN
                                                           : M6_TRANSFER_SDR;
    l.primaries = f->color_primaries == AVCOL_PRI_BT2020        ? M6_PRIMARIES_2020
                  : f->color_primaries == AVCOL_PRI_UNSPECIFIED ? M6_PRIMARIES_UNKNOWN
                                                                : M6_PRIMARIES_709;
    l.alpha = m6_frame_is_premultiplied(f) ? M6_ALPHA_PREMULTIPLIED : M6_ALPHA_STRAIGHT;
    return l;
}

static void apply(M6GenContext *s, AVFrame *f)
{
    struct m6_frame_planes planes;
    for (int i = 0; i < 4; i++) {
        planes.data[i] = f->data[i];
        planes.stride[i] = f->linesize[i];
    }
    m6_gen_apply(s->gen, &planes);
}

struct frame_of {
    AVFilterContext *ctx;
    const AVFrame *frame;
};

static int frame_rgb(void *arg, uint8_t *rgb, struct m6_error *err)
{
    const struct frame_of *of = arg;
    M6GenContext *s = of->ctx->priv;
    if (!s->converter)
        s->converter = m6_frame_converter_create();
    if (!s->converter) {
        snprintf(err->text, sizeof err->text, "no memory for a converter");
        return -1;
    }
    return m6_frame_convert(s->converter, of->frame, &upright, of->frame->width, of->frame->height, rgb, err);
}

static enum m6_gen_verdict prepare(AVFilterContext *ctx, const AVFrame *f, int64_t time, int64_t until)
{
    M6GenContext *s = ctx->priv;
    struct frame_of of = {ctx, f};
    const struct m6_gen_frame frame = {.layout = layout_of(f), .time = time, .number = s->number, .until = until, .rgb = ctx->nb_inputs ? frame_rgb : NULL, .arg = &of};
    struct m6_error err = {""};
    const enum m6_gen_verdict verdict = m6_gen_prepare(s->gen, &frame, &err);
    if (err.text[0])
        m6_tell(ctx, &s->told, verdict == M6_GEN_ENDED ? AV_LOG_ERROR : AV_LOG_WARNING, err.text);
    return verdict;
}

/* s->whole becomes what hides a frame like this; the frame's properties, but metadata, go along. */
static int make_whole(AVFilterContext *ctx, const AVFrame *like)
{
    M6GenContext *s = ctx->priv;
    if (s->whole && s->whole_serial == m6_gen_serial(s->gen))
        return 0;
    av_frame_free(&s->whole);
    s->whole = ff_get_video_buffer(ctx->outputs[0], like->width, like->height);
    if (!s->whole)
        return AVERROR(ENOMEM);
    s->whole_serial = m6_gen_serial(s->gen);
    apply(s, s->whole);
    return 0;
}

/* f's samples become references to from's. */
static int take_samples(AVFrame *f, const AVFrame *from)
{
    for (int i = 0; i < FF_ARRAY_ELEMS(f->buf); i++) {
        const int ret = av_buffer_replace(&f->buf[i], from->buf[i]);
        if (ret < 0)
            return ret;
        f->data[i] = from->data[i];
        f->linesize[i] = from->linesize[i];
    }
    f->crop_left = f->crop_top = f->crop_right = f->crop_bottom = 0;
    return 0;
}

/* ---- metadata ---- */

static int is_noted(const M6GenContext *s, const struct m6_picture *p)
{
    const AVDictionaryEntry *prompt = av_dict_get(s->metadata, "lavfi.m6.prompt", NULL, AV_DICT_MATCH_CASE);
    return prompt && s->metadata_seed == p->seed && s->metadata_latency == p->latency && !strcmp(prompt->value, p->prompt);
}

static int add_metadata(M6GenContext *s, AVFrame *f)
{
    const struct m6_picture *p = m6_gen_shown(s->gen);
    char seed[24], latency[32];
    if (!p)
        return 0;
    if (!is_noted(s, p)) {
        av_dict_free(&s->metadata);
        snprintf(seed, sizeof seed, "%" PRIu64, p->seed);
        snprintf(latency, sizeof latency, "%.3f", (double)p->latency / 1e9);
        av_dict_set(&s->metadata, "lavfi.m6.prompt", p->prompt, 0);
        av_dict_set(&s->metadata, "lavfi.m6.seed", seed, 0);
        av_dict_set(&s->metadata, "lavfi.m6.model", p->model, 0);
        av_dict_set(&s->metadata, "lavfi.m6.latency", latency, 0);
        s->metadata_seed = p->seed;
        s->metadata_latency = p->latency;
    }
    return av_dict_copy(&f->metadata, s->metadata, 0);
}

/* ---- the filter ---- */

static int64_t time_of(M6GenContext *s, AVFilterLink *inlink, const AVFrame *f)
{
    const AVRational rate = M6_LINK(inlink)->frame_rate;
    if (f->pts != AV_NOPTS_VALUE)
        return av_rescale_q(f->pts, inlink->time_base, nanoseconds);
    return rate.num > 0 && rate.den > 0 ? av_rescale_q(s->number, av_inv_q(rate), nanoseconds) : 0;
}

static int filter_frame(AVFilterLink *inlink, AVFrame *f)
{
    AVFilterContext *ctx = inlink->dst;
    M6GenContext *s = ctx->priv;
    int ret = 0;
    if (ctx->is_disabled) {
        s->number++;
        return ff_filter_frame(ctx->outputs[0], f);
    }
    const enum m6_gen_verdict verdict = prepare(ctx, f, time_of(s, inlink, f), 0);
    s->number++;
    switch (verdict) {
    case M6_GEN_UNTOUCHED: return ff_filter_frame(ctx->outputs[0], f);
    case M6_GEN_WHOLE:
        ret = make_whole(ctx, f);
        if (ret >= 0)
            ret = take_samples(f, s->whole);
        break;
    case M6_GEN_PART:
        ret = ff_inlink_make_frame_writable(inlink, &f);
        if (ret >= 0)
            apply(s, f);
        break;
    case M6_GEN_ENDED: ret = AVERROR_EXTERNAL; break;
    case M6_GEN_STOPPED: ret = AVERROR_EXIT; break;
    }
    if (ret >= 0)
        ret = add_metadata(s, f);
    if (ret < 0) {
        av_frame_free(&f);
        return ret;
    }
    return ff_filter_frame(ctx->outputs[0], f);
}

static int activate(AVFilterContext *ctx)
{
    AVFilterLink *inlink = ctx->inputs[0], *outlink = ctx->outputs[0];
    AVFrame *f;
    FF_FILTER_FORWARD_STATUS_BACK(outlink, inlink);
    const int ret = ff_inlink_consume_frame(inlink, &f);
    if (ret < 0)
        return ret;
    if (ret)
        return filter_frame(inlink, f);
    FF_FILTER_FORWARD_STATUS(inlink, outlink);
    FF_FILTER_FORWARD_WANTED(outlink, inlink);
    return FFERROR_NOT_READY;
}

static const AVFilterPad inputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO}};
static const AVFilterPad outputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO}};

extern const M6_FILTER ff_vf_m6gen;
const M6_FILTER ff_vf_m6gen = {
    M6_PUBLIC(name) = "m6gen",
    M6_PUBLIC(description) = "Draw pictures from a prompt, by a resident M6 model, and lay them over the video.",
    M6_PUBLIC(priv_class) = &m6gen_class,
    M6_PUBLIC(flags) = AVFILTER_FLAG_SUPPORT_TIMELINE_INTERNAL,
    .priv_size = sizeof(M6GenContext),
    .init = init,
    .uninit = uninit,
    .activate = activate,
    .process_command = process_command,
    FILTER_INPUTS(inputs),
    FILTER_OUTPUTS(outputs),
    FILTER_QUERY_FUNC(query_formats),
};

/* ---- the source ---- */

static enum AVColorSpace space_of(const M6GenContext *s)
{
    return s->width >= 1280 || s->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static int query_source_formats(AVFilterContext *ctx)
{
    int ret = query_formats(ctx);
#if M6_LINKS_HAVE_COLOUR
    const int spaces[] = {space_of(ctx->priv), AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG, AVCOL_SPC_BT2020_NCL, AVCOL_SPC_RGB};
    const int ranges[] = {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG};
    AVFilterFormats *list[2] = {NULL};
    for (int i = 0; i < FF_ARRAY_ELEMS(spaces) && ret >= 0; i++)
        if (!i || spaces[i] != spaces[0])
            ret = ff_add_format(&list[0], spaces[i]);
    for (int i = 0; i < FF_ARRAY_ELEMS(ranges) && ret >= 0; i++)
        ret = ff_add_format(&list[1], ranges[i]);
    if (ret >= 0)
        ret = ff_set_common_color_spaces(ctx, list[0]);
    if (ret >= 0)
        ret = ff_set_common_color_ranges(ctx, list[1]);
#endif
    return ret;
}

static int config_source(AVFilterLink *outlink)
{
    M6GenContext *s = outlink->src->priv;
    outlink->w = s->width;
    outlink->h = s->height;
    outlink->sample_aspect_ratio = s->sar;
    outlink->time_base = av_inv_q(s->rate);
    M6_LINK(outlink)->frame_rate = s->rate;
    return 0;
}

static void set_colour(const M6GenContext *s, const AVFilterLink *outlink, AVFrame *f)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(f->format);
    const int is_yuv = desc && !(desc->flags & AV_PIX_FMT_FLAG_RGB) && desc->nb_components >= 3;
#if M6_LINKS_HAVE_COLOUR
    f->colorspace = outlink->colorspace;
    f->color_range = outlink->color_range;
    if (is_yuv && f->colorspace == AVCOL_SPC_UNSPECIFIED)
        f->colorspace = space_of(s);
#else
    const int is_full = !is_yuv || !strncmp(desc->name, "yuvj", 4);
    f->colorspace = is_yuv ? space_of(s) : desc && desc->flags & AV_PIX_FMT_FLAG_RGB ? AVCOL_SPC_RGB : AVCOL_SPC_UNSPECIFIED;
    f->color_range = is_full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
#endif
    if (f->color_trc == AVCOL_TRC_UNSPECIFIED)
        f->color_trc = f->colorspace == AVCOL_SPC_BT2020_NCL ? AVCOL_TRC_BT2020_10 : is_yuv ? AVCOL_TRC_BT709 : AVCOL_TRC_IEC61966_2_1;
    if (f->color_primaries == AVCOL_PRI_UNSPECIFIED)
        f->color_primaries = f->colorspace == AVCOL_SPC_BT2020_NCL ? AVCOL_PRI_BT2020 : AVCOL_PRI_BT709;
    if (desc && (desc->log2_chroma_w || desc->log2_chroma_h))
        f->chroma_location = strncmp(desc->name, "yuvj", 4) ? AVCHROMA_LOC_LEFT : AVCHROMA_LOC_CENTER;
}

/* A black frame, which the first picture waits behind. */
static AVFrame *new_black(AVFilterContext *ctx, const struct m6_frame_layout *layout)
{
    static const uint8_t rgb[3];
    const struct m6_composite_picture picture = {1, 1, 3, rgb};
    const struct m6_composite_params whole = {.mode = M6_COMPOSITE_REPLACE};
    struct m6_composite *c = m6_composite_create();
    AVFrame *f = ff_get_video_buffer(ctx->outputs[0], layout->width, layout->height);
    struct m6_error err;
    if (c && f && !m6_composite_prepare(c, layout, &whole, &picture, &err)) {
        struct m6_frame_planes planes;
        for (int i = 0; i < 4; i++) {
            planes.data[i] = f->data[i];
            planes.stride[i] = f->linesize[i];
        }
        m6_composite_apply(c, &planes, 1);
    } else {
        av_frame_free(&f);
    }
    m6_composite_destroy(c);
    return f;
}

/* Gives *out its samples. */
static int source_samples(AVFilterContext *ctx, enum m6_gen_verdict verdict, AVFrame *f, AVFrame **out)
{
    M6GenContext *s = ctx->priv;
    int ret = 0;
    if (verdict == M6_GEN_PART) { /* a fade: a frame of its own */
        *out = ff_get_video_buffer(ctx->outputs[0], f->width, f->height);
        if (*out)
            apply(s, *out);
    } else if (verdict == M6_GEN_WHOLE) {
        ret = make_whole(ctx, f);
        *out = ret < 0 ? NULL : av_frame_clone(s->whole);
    } else {
        const struct m6_frame_layout layout = layout_of(f);
        s->black = s->black ? s->black : new_black(ctx, &layout);
        *out = s->black ? av_frame_clone(s->black) : NULL;
    }
    return *out ? av_frame_copy_props(*out, f) : ret < 0 ? ret : AVERROR(ENOMEM);
}

static int activate_source(AVFilterContext *ctx)
{
    M6GenContext *s = ctx->priv;
    AVFilterLink *outlink = ctx->outputs[0];
    AVFrame *out = NULL;
    int ret;
    if (!ff_outlink_frame_wanted(outlink))
        return FFERROR_NOT_READY;
    if (s->duration >= 0 && av_rescale_q(s->number, outlink->time_base, AV_TIME_BASE_Q) >= s->duration) {
        ff_outlink_set_status(outlink, AVERROR_EOF, s->number);
        return 0;
    }
    AVFrame *f = av_frame_alloc(); /* what the frame will be, but for its samples */
    if (!f)
        return AVERROR(ENOMEM);
    f->format = outlink->format;
    f->width = outlink->w;
    f->height = outlink->h;
    f->pts = s->number;
    f->sample_aspect_ratio = s->sar;
    f->pict_type = AV_PICTURE_TYPE_I;
    *m6_frame_duration(f) = 1;
    set_colour(s, outlink, f);
    const int64_t until = s->duration >= 0 && s->duration < INT64_MAX / 1000 ? s->duration * 1000 : 0;
    const enum m6_gen_verdict verdict = prepare(ctx, f, av_rescale_q(s->number, outlink->time_base, nanoseconds), until);
    if (verdict == M6_GEN_ENDED || verdict == M6_GEN_STOPPED)
        ret = verdict == M6_GEN_ENDED ? AVERROR_EXTERNAL : AVERROR_EXIT;
    else
        ret = source_samples(ctx, verdict, f, &out);
    if (ret >= 0 && verdict != M6_GEN_UNTOUCHED)
        ret = add_metadata(s, out);
    av_frame_free(&f);
    s->number++;
    if (ret < 0) { /* to the link, since whoever reads may ask again after an error */
        av_frame_free(&out);
        ff_outlink_set_status(outlink, ret, s->number - 1);
        return 0;
    }
    return ff_filter_frame(outlink, out);
}

static const AVFilterPad source_outputs[] = {{.name = "default", .type = AVMEDIA_TYPE_VIDEO, .config_props = config_source}};

extern const M6_FILTER ff_vsrc_m6gen_src;
const M6_FILTER ff_vsrc_m6gen_src = {
    M6_PUBLIC(name) = "m6gen_src",
    M6_PUBLIC(description) = "Draw pictures from a prompt, by a resident M6 model, as a video.",
    M6_PUBLIC(priv_class) = &m6gen_src_class,
    .priv_size = sizeof(M6GenContext),
    .init = init,
    .uninit = uninit,
    .activate = activate_source,
    .process_command = process_command,
    FILTER_OUTPUTS(source_outputs),
    FILTER_QUERY_FUNC(query_source_formats),
};
