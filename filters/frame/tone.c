#include "tone.h"

#include <math.h>
#include <stdlib.h>

#include "composite/transfer.h"

enum { TABLE = 4096 };

struct tone {
    enum tone_kind kind;
    float linear[TABLE]; /* 1: diffuse white */
    uint8_t encoded[TABLE];
};

enum tone_kind tone_kind_of(const AVFrame *frame)
{
    if (frame->color_trc == AVCOL_TRC_SMPTE2084)
        return TONE_PQ;
    if (frame->color_trc == AVCOL_TRC_ARIB_STD_B67)
        return TONE_HLG;
    return frame->color_primaries == AVCOL_PRI_BT2020 ? TONE_WIDE : TONE_NONE;
}

struct tone *tone_create(enum tone_kind kind)
{
    struct tone *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    t->kind = kind;
    for (int i = 0; i < TABLE; i++) {
        double v = i / (TABLE - 1.0);
        /* Video code values are taken for sRGB everywhere else, so here too. */
        t->linear[i] = (float)(kind == TONE_PQ ? transfer_from_pq(v) : kind == TONE_HLG ? transfer_from_hlg(v) : transfer_from_srgb(v));
        /* Indexed by the square root of light, where the eye needs the steps. */
        t->encoded[i] = (uint8_t)lround(255 * transfer_to_srgb(v * v));
    }
    return t;
}

void tone_destroy(struct tone *t)
{
    free(t);
}

enum tone_kind tone_kind(const struct tone *t)
{
    return t->kind;
}

/* Straight up to three quarters of white, then rolling off towards it. */
static float roll_off(float light)
{
    const float knee = 0.75f;
    return light <= knee ? light : knee + (1 - knee) * (1 - expf((knee - light) / (1 - knee)));
}

static void map_pixel(const struct tone *t, const float in[3], float out[3])
{
    /* Primaries of BT.2020 to those of BT.709 (ITU-R BT.2087). */
    out[0] = 1.6605f * in[0] - 0.5876f * in[1] - 0.0728f * in[2];
    out[1] = -0.1246f * in[0] + 1.1329f * in[1] - 0.0083f * in[2];
    out[2] = -0.0182f * in[0] - 0.1006f * in[1] + 1.1187f * in[2];
    if (t->kind == TONE_WIDE)
        return;
    float most = fmaxf(out[0], fmaxf(out[1], out[2]));
    float gain = most > 0.75f ? roll_off(most) / most : 1;
    for (int c = 0; c < 3; c++)
        out[c] *= gain;
}

void tone_map(const struct tone *t, const uint16_t *from, uint8_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++, from += 3, to += 3) {
        float in[3], out[3];
        for (int c = 0; c < 3; c++)
            in[c] = t->linear[from[c] >> 4];
        if (t->kind == TONE_HLG) {
            /* The display's share (BT.2100's OOTF, 1000 cd/m²). */
            float y = 0.2627f * in[0] + 0.6780f * in[1] + 0.0593f * in[2];
            float gain = y > 0 ? powf(y, 0.2f) * (float)(TRANSFER_HLG_PEAK / TRANSFER_WHITE) : 0;
            for (int c = 0; c < 3; c++)
                in[c] *= gain;
        }
        map_pixel(t, in, out);
        for (int c = 0; c < 3; c++) {
            float v = fminf(fmaxf(out[c], 0), 1);
            to[c] = t->encoded[(int)(sqrtf(v) * (TABLE - 1) + 0.5f)];
        }
    }
}
