#include "format.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NATIVE "be"
#else
#define NATIVE "le"
#endif

#define YUV {0, 1, 0}, {1, 1, 0}, {2, 1, 0}
#define PLANAR(name, depth, across, down) {name, 0, depth, 0, across, down, 3, 3, {YUV}}
#define PLANAR_J(name, across, down) {name, FORMAT_FULL, 8, 0, across, down, 3, 3, {YUV}}
#define PLANAR_A(name, depth, across, down) {name, FORMAT_ALPHA, depth, 0, across, down, 4, 3, {YUV, {3, 1, 0}}}
#define SEMI(name, depth, shift, across, down, u, v) \
    {name, 0, depth, shift, across, down, 2, 3, {{0, 1, 0}, {1, 2, u}, {1, 2, v}}}
#define YUV422(name, depth, shift, y, u, v) \
    {name, 0, depth, shift, 1, 0, 1, 3, {{0, 2, y}, {0, 4, u}, {0, 4, v}}}
#define PACKED(name, flags, depth, step, a, b, c, d) \
    {name, flags, depth, 0, 0, 0, 1, 3, {{0, step, a}, {0, step, b}, {0, step, c}, {0, step, d}}}
#define GBR(name, depth) {name, FORMAT_RGB, depth, 0, 0, 0, 3, 3, {{2, 1, 0}, {0, 1, 0}, {1, 1, 0}}}
#define GBR_A(name, depth) \
    {name, FORMAT_RGB | FORMAT_ALPHA, depth, 0, 0, 0, 4, 3, {{2, 1, 0}, {0, 1, 0}, {1, 1, 0}, {3, 1, 0}}}
#define GRAY(name, depth) {name, FORMAT_GRAY, depth, 0, 0, 0, 1, 1, {{0, 1, 0}}}
#define GRAY_A(name, depth) {name, FORMAT_GRAY | FORMAT_ALPHA, depth, 0, 0, 0, 1, 1, {{0, 2, 0}, {0, 2, 1}}}

static const struct m6_frame_format formats[] = {
    PLANAR("yuv420p", 8, 1, 1),
    PLANAR("yuv422p", 8, 1, 0),
    PLANAR("yuv444p", 8, 0, 0),
    PLANAR("yuv440p", 8, 0, 1),
    PLANAR("yuv411p", 8, 2, 0),
    PLANAR("yuv410p", 8, 2, 2),
    PLANAR_J("yuvj420p", 1, 1),
    PLANAR_J("yuvj422p", 1, 0),
    PLANAR_J("yuvj444p", 0, 0),
    PLANAR_J("yuvj440p", 0, 1),
    PLANAR_J("yuvj411p", 2, 0),
    PLANAR_A("yuva420p", 8, 1, 1),
    PLANAR_A("yuva422p", 8, 1, 0),
    PLANAR_A("yuva444p", 8, 0, 0),
    PLANAR("yuv420p9" NATIVE, 9, 1, 1),
    PLANAR("yuv422p9" NATIVE, 9, 1, 0),
    PLANAR("yuv444p9" NATIVE, 9, 0, 0),
    PLANAR("yuv420p10" NATIVE, 10, 1, 1),
    PLANAR("yuv422p10" NATIVE, 10, 1, 0),
    PLANAR("yuv444p10" NATIVE, 10, 0, 0),
    PLANAR("yuv440p10" NATIVE, 10, 0, 1),
    PLANAR("yuv420p12" NATIVE, 12, 1, 1),
    PLANAR("yuv422p12" NATIVE, 12, 1, 0),
    PLANAR("yuv444p12" NATIVE, 12, 0, 0),
    PLANAR("yuv440p12" NATIVE, 12, 0, 1),
    PLANAR("yuv420p14" NATIVE, 14, 1, 1),
    PLANAR("yuv422p14" NATIVE, 14, 1, 0),
    PLANAR("yuv444p14" NATIVE, 14, 0, 0),
    PLANAR("yuv420p16" NATIVE, 16, 1, 1),
    PLANAR("yuv422p16" NATIVE, 16, 1, 0),
    PLANAR("yuv444p16" NATIVE, 16, 0, 0),
    PLANAR_A("yuva420p9" NATIVE, 9, 1, 1),
    PLANAR_A("yuva422p9" NATIVE, 9, 1, 0),
    PLANAR_A("yuva444p9" NATIVE, 9, 0, 0),
    PLANAR_A("yuva420p10" NATIVE, 10, 1, 1),
    PLANAR_A("yuva422p10" NATIVE, 10, 1, 0),
    PLANAR_A("yuva444p10" NATIVE, 10, 0, 0),
    PLANAR_A("yuva422p12" NATIVE, 12, 1, 0),
    PLANAR_A("yuva444p12" NATIVE, 12, 0, 0),
    PLANAR_A("yuva420p16" NATIVE, 16, 1, 1),
    PLANAR_A("yuva422p16" NATIVE, 16, 1, 0),
    PLANAR_A("yuva444p16" NATIVE, 16, 0, 0),
    SEMI("nv12", 8, 0, 1, 1, 0, 1),
    SEMI("nv21", 8, 0, 1, 1, 1, 0),
    SEMI("nv16", 8, 0, 1, 0, 0, 1),
    SEMI("nv24", 8, 0, 0, 0, 0, 1),
    SEMI("nv42", 8, 0, 0, 0, 1, 0),
    SEMI("nv20" NATIVE, 10, 0, 1, 0, 0, 1),
    SEMI("p010" NATIVE, 10, 6, 1, 1, 0, 1),
    SEMI("p012" NATIVE, 12, 4, 1, 1, 0, 1),
    SEMI("p016" NATIVE, 16, 0, 1, 1, 0, 1),
    SEMI("p210" NATIVE, 10, 6, 1, 0, 0, 1),
    SEMI("p212" NATIVE, 12, 4, 1, 0, 0, 1),
    SEMI("p216" NATIVE, 16, 0, 1, 0, 0, 1),
    SEMI("p410" NATIVE, 10, 6, 0, 0, 0, 1),
    SEMI("p412" NATIVE, 12, 4, 0, 0, 0, 1),
    SEMI("p416" NATIVE, 16, 0, 0, 0, 0, 1),
    YUV422("yuyv422", 8, 0, 0, 1, 3),
    YUV422("yvyu422", 8, 0, 0, 3, 1),
    YUV422("uyvy422", 8, 0, 1, 0, 2),
    YUV422("y210" NATIVE, 10, 6, 0, 1, 3),
    YUV422("y212" NATIVE, 12, 4, 0, 1, 3),
    YUV422("y216" NATIVE, 16, 0, 0, 1, 3),
    PACKED("vuya", FORMAT_ALPHA, 8, 4, 2, 1, 0, 3),
    PACKED("vuyx", FORMAT_PAD, 8, 4, 2, 1, 0, 3),
    PACKED("ayuv", FORMAT_ALPHA, 8, 4, 1, 2, 3, 0),
    PACKED("ayuv64" NATIVE, FORMAT_ALPHA, 16, 4, 1, 2, 3, 0),
    PACKED("rgb24", FORMAT_RGB, 8, 3, 0, 1, 2, 0),
    PACKED("bgr24", FORMAT_RGB, 8, 3, 2, 1, 0, 0),
    PACKED("rgba", FORMAT_RGB | FORMAT_ALPHA, 8, 4, 0, 1, 2, 3),
    PACKED("bgra", FORMAT_RGB | FORMAT_ALPHA, 8, 4, 2, 1, 0, 3),
    PACKED("argb", FORMAT_RGB | FORMAT_ALPHA, 8, 4, 1, 2, 3, 0),
    PACKED("abgr", FORMAT_RGB | FORMAT_ALPHA, 8, 4, 3, 2, 1, 0),
    PACKED("rgb0", FORMAT_RGB | FORMAT_PAD, 8, 4, 0, 1, 2, 3),
    PACKED("bgr0", FORMAT_RGB | FORMAT_PAD, 8, 4, 2, 1, 0, 3),
    PACKED("0rgb", FORMAT_RGB | FORMAT_PAD, 8, 4, 1, 2, 3, 0),
    PACKED("0bgr", FORMAT_RGB | FORMAT_PAD, 8, 4, 3, 2, 1, 0),
    PACKED("rgb48" NATIVE, FORMAT_RGB, 16, 3, 0, 1, 2, 0),
    PACKED("bgr48" NATIVE, FORMAT_RGB, 16, 3, 2, 1, 0, 0),
    PACKED("rgba64" NATIVE, FORMAT_RGB | FORMAT_ALPHA, 16, 4, 0, 1, 2, 3),
    PACKED("bgra64" NATIVE, FORMAT_RGB | FORMAT_ALPHA, 16, 4, 2, 1, 0, 3),
    GBR("gbrp", 8),
    GBR("gbrp9" NATIVE, 9),
    GBR("gbrp10" NATIVE, 10),
    GBR("gbrp12" NATIVE, 12),
    GBR("gbrp14" NATIVE, 14),
    GBR("gbrp16" NATIVE, 16),
    GBR_A("gbrap", 8),
    GBR_A("gbrap10" NATIVE, 10),
    GBR_A("gbrap12" NATIVE, 12),
    GBR_A("gbrap14" NATIVE, 14),
    GBR_A("gbrap16" NATIVE, 16),
    GRAY("gray", 8),
    GRAY("gray9" NATIVE, 9),
    GRAY("gray10" NATIVE, 10),
    GRAY("gray12" NATIVE, 12),
    GRAY("gray14" NATIVE, 14),
    GRAY("gray16" NATIVE, 16),
    GRAY_A("ya8", 8),
    GRAY_A("ya16" NATIVE, 16),
};
enum { FORMATS = sizeof formats / sizeof *formats };

const struct m6_frame_format *m6_frame_format_find(const char *name)
{
    for (int i = 0; name && i < FORMATS; i++) {
        size_t n = strlen(formats[i].name);
        if (!strcmp(formats[i].name, name))
            return &formats[i];
        if (formats[i].depth > 8 && !strncmp(formats[i].name, name, n - 2) && !name[n - 2])
            return &formats[i];
    }
    return NULL;
}

const struct m6_frame_format *m6_frame_format_at(int index)
{
    return index >= 0 && index < FORMATS ? &formats[index] : NULL;
}

const char *m6_frame_format_name(const struct m6_frame_format *f)
{
    return f->name;
}

int m6_frame_format_planes(const struct m6_frame_format *f)
{
    return f->planes;
}

int m6_frame_format_depth(const struct m6_frame_format *f)
{
    return f->depth;
}

int m6_frame_format_has_alpha(const struct m6_frame_format *f)
{
    return (f->flags & FORMAT_ALPHA) != 0;
}

void m6_frame_format_subsampling(const struct m6_frame_format *f, int *across, int *down)
{
    *across = f->across;
    *down = f->down;
}

int format_components(const struct m6_frame_format *f)
{
    return f->colours + ((f->flags & (FORMAT_ALPHA | FORMAT_PAD)) != 0);
}

int format_is_chroma(const struct m6_frame_format *f, int c)
{
    return (c == 1 || c == 2) && f->colours == 3 && !(f->flags & FORMAT_RGB);
}

struct unit format_unit(const struct m6_frame_format *f, int plane)
{
    struct unit u = {0, 0, 1};
    for (int c = 0; c < format_components(f); c++) {
        if (f->comp[c].plane != plane)
            continue;
        if (f->comp[c].step > u.elements)
            u.elements = f->comp[c].step;
        if (format_is_chroma(f, c)) {
            u.across = f->across;
            u.down = f->down;
        }
    }
    return u;
}

void m6_frame_format_plane_size(const struct m6_frame_format *f, int plane, int width, int height, size_t *bytes, int *rows)
{
    struct unit u = format_unit(f, plane);
    *bytes = (size_t)-(-width >> u.across) * (size_t)u.elements * (size_t)format_bytes(f);
    *rows = -(-height >> u.down);
}
