#include "exact.h"

#include "transfer.h"

#include <math.h>

double transfer_from_srgb(double v)
{
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

double transfer_to_srgb(double v)
{
    return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static const double m1 = 0.1593017578125, m2 = 78.84375, c1 = 0.8359375, c2 = 18.8515625, c3 = 18.6875;

double transfer_from_pq(double v)
{
    double p = pow(v, 1 / m2);
    return pow(fmax(p - c1, 0) / (c2 - c3 * p), 1 / m1) * 10000 / TRANSFER_WHITE;
}

double transfer_to_pq(double light)
{
    double p = pow(light * TRANSFER_WHITE / 10000, m1);
    return pow((c1 + c2 * p) / (1 + c3 * p), m2);
}

static const double hlg_a = 0.17883277, hlg_b = 0.28466892, hlg_c = 0.55991073;

double transfer_from_hlg(double v)
{
    return v <= 0.5 ? v * v / 3 : (exp((v - hlg_c) / hlg_a) + hlg_b) / 12;
}

double transfer_to_hlg(double light)
{
    return light <= 1.0 / 12 ? sqrt(3 * light) : hlg_a * log(12 * light - hlg_b) + hlg_c;
}
