#include "exact.h"

#include "colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "transfer.h"

static enum m6_frame_matrix usual_matrix(const struct m6_frame_layout *l)
{
    if (l->primaries == M6_PRIMARIES_2020)
        return M6_MATRIX_2020;
    return l->width >= 1280 || l->height >= 720 ? M6_MATRIX_709 : M6_MATRIX_601;
}

struct m6_frame_layout colour_resolve(const struct m6_frame_layout *given)
{
    struct m6_frame_layout l = *given;
    int flags = l.format->flags;
    if (!l.transfer)
        l.transfer = M6_TRANSFER_SDR;
    if (!l.primaries)
        l.primaries = l.transfer == M6_TRANSFER_SDR ? M6_PRIMARIES_709 : M6_PRIMARIES_2020;
    if (!l.matrix || (l.format->flags & FORMAT_RGB))
        l.matrix = flags & FORMAT_RGB ? M6_MATRIX_RGB : usual_matrix(&l);
    if ((flags & (FORMAT_RGB | FORMAT_FULL)) || (!l.range && (flags & FORMAT_GRAY)))
        l.range = M6_RANGE_FULL;
    else if (!l.range)
        l.range = M6_RANGE_LIMITED;
    if (!l.siting)
        l.siting = flags & FORMAT_FULL ? M6_SITING_CENTER : M6_SITING_LEFT;
    return l;
}

/* Rows that give Y from 0 to 1, then both differences from -1/2 to 1/2. */
static void matrix_rows(enum m6_frame_matrix matrix, double row[3][3])
{
    static const double shares[][2] = {
        [M6_MATRIX_709] = {0.2126, 0.0722}, [M6_MATRIX_601] = {0.299, 0.114},  [M6_MATRIX_2020] = {0.2627, 0.0593},
        [M6_MATRIX_FCC] = {0.30, 0.11},     [M6_MATRIX_240M] = {0.212, 0.087},
    };
    static const double gbr[3][3] = {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}};
    static const double ycgco[3][3] = {{0.25, 0.5, 0.25}, {-0.25, 0.5, -0.25}, {0.5, 0, -0.5}};
    if (matrix == M6_MATRIX_RGB || matrix == M6_MATRIX_YCGCO) {
        memcpy(row, matrix == M6_MATRIX_RGB ? gbr : ycgco, sizeof gbr);
        return;
    }
    double r = shares[matrix][0], b = shares[matrix][1], y[3] = {r, 1 - r - b, b};
    for (int c = 0; c < 3; c++) {
        row[0][c] = y[c];
        row[1][c] = ((c == 2) - y[c]) / (2 * (1 - b));
        row[2][c] = ((c == 0) - y[c]) / (2 * (1 - r));
    }
}

struct colour_matrix colour_matrix_of(const struct m6_frame_layout *l)
{
    const struct m6_frame_format *f = l->format;
    struct colour_matrix m = {.max = (1 << f->depth) - 1};
    double row[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    if (!(f->flags & FORMAT_RGB))
        matrix_rows(l->matrix, row);
    for (int c = 0; c < 3; c++) {
        int full = l->range == M6_RANGE_FULL, chroma = format_is_chroma(f, c) && l->matrix != M6_MATRIX_RGB;
        double scale = full ? m.max : (chroma ? 224 : 219) << (f->depth - 8);
        m.offset[c] = chroma ? 1 << (f->depth - 1) : full ? 0 : 16 << (f->depth - 8);
        for (int k = 0; k < 3; k++)
            m.weight[c][k] = llrint(row[c][k] * scale / 65535 * (1 << COLOUR_BITS));
    }
    return m;
}

int colour_code(const struct colour_matrix *m, int c, const uint32_t sum[3], int bits)
{
    int64_t v = 0;
    for (int k = 0; k < 3; k++)
        v += m->weight[c][k] * sum[k];
    v = m->offset[c] + ((v + ((int64_t)1 << (COLOUR_BITS + bits - 1))) >> (COLOUR_BITS + bits));
    return (int)(v < 0 ? 0 : v > m->max ? m->max : v);
}

/* Light from 0 to 1 as integers, and curves over it: straight between 128 points an octave. */
enum { LIGHT_BITS = 28, POINT_BITS = 7, POINTS = (LIGHT_BITS - POINT_BITS + 2) << POINT_BITS };
struct curve {
    uint32_t value[POINTS + 1];
};

static void curve_init(struct curve *c, double (*value)(double light), double scale)
{
    for (int i = 0; i <= POINTS; i++) {
        int octave = i >> POINT_BITS, step = i & ((1 << POINT_BITS) - 1);
        int64_t light = octave ? (int64_t)(step + (1 << POINT_BITS)) << (octave - 1) : step;
        c->value[i] = (uint32_t)llrint(value(ldexp((double)light, -LIGHT_BITS)) * scale);
    }
}

/* By how many bits light exceeds what octave 0 holds. */
static int octave_of(uint32_t light)
{
#if defined(__GNUC__)
    int bits = 32 - __builtin_clz(light | 1);
    return bits > POINT_BITS + 1 ? bits - POINT_BITS - 1 : 0;
#else
    int octave = 0;
    while (light >> octave >= 2 << POINT_BITS)
        octave++;
    return octave;
#endif
}

static uint32_t curve_at(const struct curve *c, uint32_t light)
{
    if (light >= (uint32_t)1 << LIGHT_BITS)
        light = (uint32_t)1 << LIGHT_BITS;
    int octave = octave_of(light);
    uint32_t i = ((uint32_t)octave << POINT_BITS) + (light >> octave);
    uint32_t rest = light & (((uint32_t)1 << octave) - 1);
    int64_t a = c->value[i], b = c->value[i + 1];
    return (uint32_t)(a + ((b - a) * rest >> octave));
}

/* How much light at the camera makes HLG's display show a brightness y (white: 1), as a factor of what it shows. */
static double hlg_gain(double y)
{
    const double white = TRANSFER_WHITE / TRANSFER_HLG_PEAK;
    return white * pow(white * fmax(y, ldexp(1, -LIGHT_BITS)), -1.0 / 6);
}

enum { GAIN_BITS = 20, CODE_BITS = 12 };
struct light {
    uint32_t linear[4097 + 1];
    struct curve code, gain;
    int64_t wide[3][3], bright[3]; /* 1 << LIGHT_BITS: 1 */
    int hlg;
};

static void light_init(struct light *t, const struct m6_frame_layout *l)
{
    /* Primaries of BT.709 to those of BT.2020 (ITU-R BT.2087), and the brightness of the latter. */
    static const double wide[3][3] = {
        {0.627404, 0.329283, 0.043313}, {0.069097, 0.919541, 0.011362}, {0.016391, 0.088013, 0.895596}};
    static const double bright[3] = {0.2627, 0.6780, 0.0593};
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 3; k++)
            t->wide[c][k] = llrint(ldexp(l->primaries == M6_PRIMARIES_2020 ? wide[c][k] : c == k, LIGHT_BITS));
        t->bright[c] = llrint(ldexp(bright[c], LIGHT_BITS));
    }
    t->hlg = l->transfer == M6_TRANSFER_HLG;
    for (int i = 0; i < 4098; i++)
        t->linear[i] = (uint32_t)llrint(ldexp(transfer_from_srgb(i * 16 / 65535.0), LIGHT_BITS));
    double (*code)(double) = t->hlg                          ? transfer_to_hlg
                             : l->transfer == M6_TRANSFER_PQ ? transfer_to_pq
                                                             : transfer_to_srgb;
    curve_init(&t->code, code, 65535.0 * (1 << CODE_BITS));
    if (t->hlg)
        curve_init(&t->gain, hlg_gain, 1 << GAIN_BITS);
}

static uint32_t linear_at(const struct light *t, uint16_t v)
{
    int64_t a = t->linear[v >> 4], b = t->linear[(v >> 4) + 1];
    return (uint32_t)(a + ((b - a) * (v & 15) >> 4));
}

static uint32_t product(const int64_t row[3], const uint32_t in[3])
{
    int64_t v = 0;
    for (int k = 0; k < 3; k++)
        v += row[k] * in[k];
    return (uint32_t)((v + (1 << (LIGHT_BITS - 1))) >> LIGHT_BITS);
}

static void map_pixel(const struct light *t, uint16_t *rgb)
{
    uint32_t in[3], out[3];
    for (int c = 0; c < 3; c++)
        in[c] = linear_at(t, rgb[c]);
    for (int c = 0; c < 3; c++)
        out[c] = product(t->wide[c], in);
    if (t->hlg) {
        uint64_t gain = curve_at(&t->gain, product(t->bright, out));
        for (int c = 0; c < 3; c++)
            out[c] = (uint32_t)(out[c] * gain >> GAIN_BITS);
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = (uint16_t)((curve_at(&t->code, out[c]) + (1 << (CODE_BITS - 1))) >> CODE_BITS);
}

int colour_convert(const struct m6_frame_layout *l, uint16_t *rgb, size_t n)
{
    if (l->transfer == M6_TRANSFER_SDR && l->primaries == M6_PRIMARIES_709)
        return 0;
    struct light *t = malloc(sizeof *t);
    if (!t)
        return -1;
    light_init(t, l);
    uint16_t last[3] = {0, 0, 0}, made[3] = {0, 0, 0};
    map_pixel(t, made);
    /* Drawings are flat: the pixel before is often the same. */
    for (size_t i = 0; i < n; i++, rgb += 3) {
        if (memcmp(last, rgb, sizeof last) != 0) {
            memcpy(last, rgb, sizeof last);
            memcpy(made, rgb, sizeof made);
            map_pixel(t, made);
        }
        memcpy(rgb, made, sizeof made);
    }
    free(t);
    return 0;
}
