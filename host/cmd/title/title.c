/* One caption: white letters with a dark rim on a translucent plate, at most three lines, low in
 * the title-safe area. */
#include "title.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pango/pangocairo.h>

/* Shares of the frame. EBU R 95 keeps titles within 90 % of each side. */
#define SAFE_WIDTH 0.80
#define SAFE_BOTTOM 0.065
#define SAFE_BOTTOM_TALL 0.18 /* below it, phones lay their own buttons over vertical video */
#define LETTER 0.048
enum { LINES_MAX = 3 };

static const char FAMILIES[] =
    "Noto Sans,DejaVu Sans,Noto Sans CJK SC,Source Han Sans SC,WenQuanYi Micro Hei,sans-serif";
static const char FAMILIES_ZH[] =
    "Noto Sans CJK SC,Source Han Sans SC,WenQuanYi Micro Hei,sans-serif";

static int is_chinese(const char *lang)
{
    return lang && strncmp(lang, "zh", 2) == 0;
}

static void set_font(PangoLayout *layout, const char *lang, double pixels)
{
    PangoFontDescription *font =
        pango_font_description_from_string(is_chinese(lang) ? FAMILIES_ZH : FAMILIES);
    pango_font_description_set_weight(font, PANGO_WEIGHT_SEMIBOLD);
    pango_font_description_set_absolute_size(font, pixels * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

static PangoLayout *new_layout(PangoContext *context, const struct m6_title_params *p,
                               double pixels)
{
    PangoLayout *layout = pango_layout_new(context);
    set_font(layout, p->lang, pixels);
    pango_layout_set_alignment(layout, PANGO_ALIGN_CENTER);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout, p->text, -1);
    return layout;
}

/* The narrowest width that needs no more lines: they come out about equally long. */
static void balance(PangoLayout *layout, int width)
{
    pango_layout_set_width(layout, width);
    const int lines = pango_layout_get_line_count(layout);
    int low = width / (lines + 1), high = width;
    while (lines > 1 && high - low > 2 * PANGO_SCALE) {
        const int middle = low + (high - low) / 2;
        pango_layout_set_width(layout, middle);
        if (pango_layout_get_line_count(layout) > lines)
            low = middle;
        else
            high = middle;
    }
    pango_layout_set_width(layout, high);
}

/* Letters shrink to two thirds before anything is cut off. */
static PangoLayout *fit(PangoContext *context, const struct m6_title_params *p, double *pixels)
{
    const int width = (int)(p->width * SAFE_WIDTH * PANGO_SCALE);
    const double shorter = p->height < p->width * 0.75 ? p->height : p->width * 0.75;
    *pixels = fmax(shorter * LETTER, 8);
    for (int attempt = 0;; attempt++) {
        PangoLayout *layout = new_layout(context, p, *pixels);
        pango_layout_set_width(layout, width);
        if (pango_layout_get_line_count(layout) <= LINES_MAX || attempt == 3) {
            if (pango_layout_get_line_count(layout) > LINES_MAX) {
                pango_layout_set_height(layout, -LINES_MAX);
                pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
            } else {
                balance(layout, width);
            }
            return layout;
        }
        g_object_unref(layout);
        *pixels *= 0.87;
    }
}

static void round_rectangle(cairo_t *cr, double w, double h, double r)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, w - r, r, r, -G_PI / 2, 0);
    cairo_arc(cr, w - r, h - r, r, 0, G_PI / 2);
    cairo_arc(cr, r, h - r, r, G_PI / 2, G_PI);
    cairo_arc(cr, r, r, r, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}

static void paint(cairo_t *cr, PangoLayout *layout, const PangoRectangle *ink, double pad_x,
                  double pad_y, double pixels, int width, int height)
{
    cairo_set_source_rgba(cr, 0.04, 0.05, 0.08, 0.58);
    round_rectangle(cr, width, height, fmin(pixels * 0.35, height / 2.0));
    cairo_fill(cr);
    cairo_move_to(cr, pad_x - ink->x, pad_y - ink->y);
    pango_cairo_layout_path(cr, layout);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_width(cr, pixels * 0.10);
    cairo_set_source_rgba(cr, 0, 0, 0, 0.85);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_fill(cr);
}

/* The surface's samples, out of cairo's hands. */
static int copy_out(cairo_surface_t *surface, struct m6_title_image *out)
{
    cairo_surface_flush(surface);
    out->stride = (size_t)cairo_image_surface_get_stride(surface);
    const size_t bytes = out->stride * (size_t)out->height;
    out->argb = malloc(bytes);
    if (!out->argb)
        return -1;
    memcpy(out->argb, cairo_image_surface_get_data(surface), bytes);
    return 0;
}

static int render(const struct m6_title_params *p, struct m6_title_image *out, char *why,
                  size_t why_size)
{
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    double pixels;
    PangoRectangle box;
    pango_context_set_language(context,
                               pango_language_from_string(is_chinese(p->lang) ? "zh-cn" : "en"));
    PangoLayout *layout = fit(context, p, &pixels);
    pango_layout_get_pixel_extents(layout, NULL, &box);
    const double pad_x = pixels * 0.55, pad_y = pixels * 0.22;
    const double bottom = p->height > p->width * 1.2 ? SAFE_BOTTOM_TALL : SAFE_BOTTOM;
    memset(out, 0, sizeof *out);
    out->width = (int)ceil(box.width + 2 * pad_x);
    out->height = (int)ceil(box.height + 2 * pad_y);
    out->x = (p->width - out->width) / 2;
    out->y = p->height - (int)lround(p->height * bottom) - out->height;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, out->width, out->height);
    cairo_t *cr = cairo_create(surface);
    paint(cr, layout, &box, pad_x, pad_y, pixels, out->width, out->height);
    int rc = cairo_status(cr) == CAIRO_STATUS_SUCCESS ? copy_out(surface, out) : -1;
    if (rc)
        snprintf(why, why_size, "a caption could not be set: %s",
                 cairo_status_to_string(cairo_status(cr)));
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    g_object_unref(layout);
    g_object_unref(context);
    return rc;
}

static void release(struct m6_title_image *image)
{
    free(image->argb);
    memset(image, 0, sizeof *image);
}

static int font(const char *lang, char *family, size_t size)
{
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    PangoLayout *layout = pango_layout_new(context);
    int rc = -1;
    set_font(layout, lang, 24);
    pango_layout_set_text(layout, is_chinese(lang) ? "镜头" : "Ag", -1);
    if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
        PangoLayoutRun *run = pango_layout_get_line_readonly(layout, 0)->runs->data;
        PangoFontDescription *used = pango_font_describe(run->item->analysis.font);
        snprintf(family, size, "%s", pango_font_description_get_family(used));
        pango_font_description_free(used);
        rc = 0;
    }
    g_object_unref(layout);
    g_object_unref(context);
    return rc;
}

__attribute__((visibility("default"))) extern const struct m6_title m6_title;
const struct m6_title m6_title = {.abi = M6_TITLE_ABI,
                                  .size = sizeof(struct m6_title),
                                  .render = render,
                                  .release = release,
                                  .font = font};
