/* Normalises groups of channels over whole pictures. Positions are cut into blocks whose length
 * depends on the picture's size alone; each block leaves one sum a group, and these are added in
 * order. Mean and variance are two passes, since one pass over squares would cancel. */
#include <assert.h>
#include <math.h>

#include "cpu/cpu.h"

enum { MOST_BLOCKS = 64, ROWS = 64, CHANNELS = 512 };

struct job {
    struct m6_cpu *cpu;
    struct m6_mat y, x;
    int positions, groups, width; /* of a group */
    int blocks, block;            /* blocks a picture, positions a block */
    int first;                    /* picture of this batch */
    int power;
    double *sums;           /* [picture][block][group] */
    double *mean, *inverse; /* [picture][group] */
    const float *gain, *bias;
    float eps;
};

/* Groups that one slice of at most CHANNELS channels holds. */
static int slice_groups(const struct job *j)
{
    return j->width >= CHANNELS ? 1 : CHANNELS / j->width;
}

static void sum_group(const struct job *j, int picture, int group, int row, int rows, double *to)
{
    double sum[CHANNELS], total = 0;
    float mean[CHANNELS];
    for (int c = 0; c < j->width; c += CHANNELS) {
        const int n = j->width - c < CHANNELS ? j->width - c : CHANNELS;
        for (int i = 0; i < n; i++) {
            sum[i] = 0;
            mean[i] = j->power == 1 ? 0.0f : (float)j->mean[picture * j->groups + group];
        }
        for (int r = 0; r < rows; r += ROWS)
            j->cpu->rows->column_sums(sum, m6_row(j->x, row + r) + group * j->width + c,
                                      j->x.stride, rows - r < ROWS ? rows - r : ROWS, n, mean,
                                      j->power);
        for (int i = 0; i < n; i++)
            total += sum[i];
    }
    *to = total;
}

/* Several narrow groups at once. */
static void sum_groups(const struct job *j, int picture, int group, int groups, int row, int rows,
                       double *to)
{
    double sum[CHANNELS];
    float mean[CHANNELS];
    const int n = groups * j->width;
    for (int i = 0; i < n; i++) {
        sum[i] = 0;
        mean[i] = j->power == 1 ? 0.0f : (float)j->mean[picture * j->groups + group + i / j->width];
    }
    for (int r = 0; r < rows; r += ROWS)
        j->cpu->rows->column_sums(sum, m6_row(j->x, row + r) + group * j->width, j->x.stride,
                                  rows - r < ROWS ? rows - r : ROWS, n, mean, j->power);
    for (int g = 0; g < groups; g++) {
        double total = 0;
        for (int i = 0; i < j->width; i++)
            total += sum[g * j->width + i];
        to[g] = total;
    }
}

static void sum_blocks(void *arg, int first, int end, int thread)
{
    const struct job *const j = arg;
    for (int i = first; i < end; i++) {
        const int picture = i / j->blocks, at = i % j->blocks * j->block;
        const int rows = j->positions - at < j->block ? j->positions - at : j->block;
        const int row = (j->first + picture) * j->positions + at;
        for (int g = 0; g < j->groups; g += slice_groups(j)) {
            double *const to = j->sums + (int64_t)i * j->groups + g;
            const int left = j->groups - g,
                      groups = left < slice_groups(j) ? left : slice_groups(j);
            if (j->width > CHANNELS)
                sum_group(j, picture, g, row, rows, to);
            else
                sum_groups(j, picture, g, groups, row, rows, to);
        }
    }
}

static double total(const struct job *j, int picture, int group)
{
    double sum = 0;
    for (int i = 0; i < j->blocks; i++)
        sum += j->sums[((int64_t)picture * j->blocks + i) * j->groups + group];
    return sum / ((double)j->positions * j->width);
}

static void normalise(void *arg, int first, int end, int thread)
{
    const struct job *const j = arg;
    float multiplier[CHANNELS], offset[CHANNELS];
    for (int i = first; i < end; i++) {
        const int picture = i / j->blocks, at = i % j->blocks * j->block;
        const int rows = j->positions - at < j->block ? j->positions - at : j->block;
        const int row = (j->first + picture) * j->positions + at;
        for (int c = 0; c < j->x.cols; c += CHANNELS) {
            const int n = j->x.cols - c < CHANNELS ? j->x.cols - c : CHANNELS;
            for (int k = 0; k < n; k++) {
                const int g = picture * j->groups + (c + k) / j->width;
                const double gain = j->gain ? j->gain[c + k] : 1.0, m = gain * j->inverse[g];
                multiplier[k] = (float)m;
                offset[k] = (float)((j->bias ? j->bias[c + k] : 0.0) - m * j->mean[g]);
            }
            for (int r = row; r < row + rows; r++)
                j->cpu->rows->scale_shift(m6_row(j->y, r) + c, m6_row(j->x, r) + c, n, multiplier,
                                          offset);
        }
    }
}

void m6_cpu_group_norm(struct m6_backend *b, struct m6_mat y, struct m6_mat x, int n, int groups,
                       const float *gain, const float *bias, float eps)
{
    struct m6_cpu *const cpu = m6_cpu_of(b);
    if (n <= 0 || x.rows < n || groups <= 0)
        return;
    struct job j = {.cpu = cpu,
                    .y = y,
                    .x = x,
                    .positions = x.rows / n,
                    .groups = groups,
                    .width = x.cols / groups,
                    .gain = gain,
                    .bias = bias,
                    .eps = eps};
    j.block = (j.positions + MOST_BLOCKS - 1) / MOST_BLOCKS;
    j.block = j.block < 32 ? 32 : j.block;
    j.blocks = (j.positions + j.block - 1) / j.block;
    const int each = groups * (j.blocks + 2), batch = M6_CPU_GROUP_SUMS / each;
    assert(batch > 0);
    const int64_t work = (int64_t)j.block * x.cols;
    for (j.first = 0; j.first < n; j.first += batch) {
        const int pictures = n - j.first < batch ? n - j.first : batch;
        j.sums = cpu->group_sums;
        j.mean = j.sums + (int64_t)pictures * j.blocks * groups;
        j.inverse = j.mean + (int64_t)pictures * groups;
        j.power = 1;
        m6_cpu_each(cpu, pictures * j.blocks, work, sum_blocks, &j);
        for (int i = 0; i < pictures * groups; i++)
            j.mean[i] = total(&j, i / groups, i % groups);
        j.power = 2;
        m6_cpu_each(cpu, pictures * j.blocks, work, sum_blocks, &j);
        for (int i = 0; i < pictures * groups; i++)
            j.inverse[i] = 1.0 / sqrt(total(&j, i / groups, i % groups) + (double)eps);
        m6_cpu_each(cpu, pictures * j.blocks, work, normalise, &j);
    }
}
