#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "m6/frame.h"

struct m6_frame_turn m6_frame_turn_of(const int32_t m[9])
{
    struct m6_frame_turn turn = {0, 0, 0};
    /* x' = m0·x + m3·y, y' = m1·x + m4·y */
    if (!m || (!m[0] && !m[1] && !m[3] && !m[4]))
        return turn;
    turn.transposed = llabs(m[1]) + llabs(m[3]) > llabs(m[0]) + llabs(m[4]);
    turn.mirror_x = (turn.transposed ? m[3] : m[0]) < 0;
    turn.mirror_y = (turn.transposed ? m[1] : m[4]) < 0;
    return turn;
}

void m6_frame_turn_rgb(const struct m6_frame_turn *turn, const uint8_t *from, size_t stride, int w, int h, uint8_t *to)
{
    int out_w = turn->transposed ? h : w, out_h = turn->transposed ? w : h;
    if (!turn->transposed && !turn->mirror_x) {
        for (int y = 0; y < h; y++)
            memcpy(to + (size_t)y * (size_t)w * 3, from + (size_t)(turn->mirror_y ? h - 1 - y : y) * stride, (size_t)w * 3);
        return;
    }
    for (int y = 0; y < out_h; y++)
        for (int x = 0; x < out_w; x++, to += 3) {
            int px = turn->mirror_x ? out_w - 1 - x : x, py = turn->mirror_y ? out_h - 1 - y : y;
            const uint8_t *p = turn->transposed ? from + (size_t)px * stride + (size_t)py * 3 : from + (size_t)py * stride + (size_t)px * 3;
            memcpy(to, p, 3);
        }
}

void m6_frame_displayed(int w, int h, AVRational aspect, const struct m6_frame_turn *turn, int *out_w, int *out_h)
{
    double ratio = aspect.num > 0 && aspect.den > 0 ? (double)aspect.num / aspect.den : 1;
    /* Absurd values are mistakes in the file. */
    if (ratio < 1.0 / 16 || ratio > 16)
        ratio = 1;
    int dw = ratio > 1 ? (int)lround(w * ratio) : w, dh = ratio < 1 ? (int)lround(h / ratio) : h;
    *out_w = turn && turn->transposed ? dh : dw;
    *out_h = turn && turn->transposed ? dw : dh;
}

void m6_frame_fit(int w, int h, int max_w, int max_h, int *fit_w, int *fit_h)
{
    double scale = 1;
    if (max_w > 0 && (double)max_w / w < scale)
        scale = (double)max_w / w;
    if (max_h > 0 && (double)max_h / h < scale)
        scale = (double)max_h / h;
    *fit_w = (int)lround(w * scale);
    *fit_h = (int)lround(h * scale);
    *fit_w = *fit_w < 1 ? 1 : *fit_w;
    *fit_h = *fit_h < 1 ? 1 : *fit_h;
}
