/* Choosing tokens.
 *
 * Ids outside [first, last) do not exist. Logits are divided by the temperature; top_k keeps the k
 * largest; top_p then keeps the fewest of the largest whose share of what top_k left reaches p.
 * Equal logits rank by id, lowest first. The draw walks the kept ids upwards until the running sum
 * of their weights passes u times the total, with u from Philox keyed by seed and position. Sums
 * are in double and in the order of ids.
 *
 * Nothing is sorted: where a ranking has to be cut, the cut is found digit by digit, as a radix
 * sort would meet it. */
#include <float.h>
#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/bf16.h"
#include "core/philox.h"
#include "cpu/cpu.h"

enum { DIGIT = 11, VALUES = 1 << DIGIT };

/* What a ranking keeps: every id whose key is above `key`, and the first `ties` of those that equal
 * it. */
struct cut {
    uint32_t key;
    int ties;
};

/* Rises with the logit. */
static uint32_t key_of(float x)
{
    const uint32_t u = m6_float_bits(x + 0.0f); /* -0 ranks as 0 */
    return u >> 31 ? ~u : u | 0x80000000u;
}

/* Finds the shortest head of the ranking that has `count` ids and whose weights reach `mass`: one
 * of the two is given, the other 0. `id` holds candidates whose higher digits equal those of
 * cut->key; they are split by the digit at `shift`, and those that share the digit at the cut are
 * left in id. Returns how many these are. */
static int narrow(struct cut *cut, int shift, int32_t *id, int candidates, const float *x,
                  const float *weight, int *count, double *mass)
{
    double masses[VALUES];
    int counts[VALUES];
    memset(masses, 0, sizeof masses);
    memset(counts, 0, sizeof counts);
    for (int i = 0; i < candidates; i++) {
        const uint32_t digit = key_of(x[id[i]]) >> shift & (VALUES - 1);
        counts[digit]++;
        masses[digit] += (double)weight[id[i]];
    }
    uint32_t digit = VALUES - 1;
    for (; digit > 0 && (!counts[digit] || counts[digit] < *count || masses[digit] < *mass);
         digit--) {
        *count -= counts[digit];
        *mass -= masses[digit];
    }
    cut->key |= digit << shift;
    int left = 0;
    for (int i = 0; i < candidates; i++) {
        const int same = (key_of(x[id[i]]) >> shift & (VALUES - 1)) == digit;
        id[left] = id[i];
        left += same;
    }
    return left;
}

static struct cut find_cut(int32_t *id, const float *x, const float *weight, int n, int count,
                           double mass)
{
    struct cut cut = {0, 0};
    int candidates = n;
    for (int i = 0; i < n; i++)
        id[i] = i;
    for (int shift = 32 - DIGIT;; shift = shift > DIGIT ? shift - DIGIT : 0) {
        candidates = narrow(&cut, shift, id, candidates, x, weight, &count, &mass);
        if (shift == 0)
            break;
    }
    do { /* at least one, even if nothing was asked for */
        mass -= (double)weight[id[cut.ties]];
        cut.ties++;
    } while (cut.ties < candidates && (cut.ties < count || mass > 0));
    return cut;
}

/* The kept ids in order; returns how many. */
static int keep(int32_t *id, const float *x, int n, struct cut cut)
{
    int kept = 0;
    for (int i = 0; i < n; i++) {
        const uint32_t key = key_of(x[i]);
        id[kept] = i;
        kept += key > cut.key || (key == cut.key && cut.ties-- > 0);
    }
    return kept;
}

static double sum_kept(const int32_t *id, int kept, const float *weight)
{
    double sum = 0;
    for (int i = 0; i < kept; i++)
        sum += (double)weight[id[i]];
    return sum;
}

static int32_t walk(const int32_t *id, int kept, const float *weight, double u)
{
    const double target = u * sum_kept(id, kept, weight);
    double sum = 0;
    int32_t last = id[0];
    for (int i = 0; i < kept; i++) {
        sum += (double)weight[id[i]];
        if (sum > target)
            return id[i];
        last = weight[id[i]] > 0 ? id[i] : last;
    }
    return last;
}

static int32_t first_most(const float *x, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

static int32_t draw(struct m6_cpu *cpu, const float *x, int n, const struct m6_sample *how,
                    int thread)
{
    if (!(how->temperature >= FLT_MIN)) /* below, its inverse would be infinite */
        return first_most(x, n);
    float *const weight = cpu->local[thread].weight;
    int32_t *const id = cpu->local[thread].id;
    cpu->rows->exponents(weight, x, n, cpu->rows->most(x, n), 1.0f / how->temperature);

    struct cut cut = {0, n};
    if (how->top_k > 0 && how->top_k < n)
        cut = find_cut(id, x, weight, n, how->top_k, 0);
    int kept = keep(id, x, n, cut);
    if (how->top_p < 1) {
        const double mass = (how->top_p > 0 ? (double)how->top_p : 0) * sum_kept(id, kept, weight);
        cut = find_cut(id, x, weight, n, 0, mass);
        kept = keep(id, x, n, cut);
    }
    return walk(id, kept, weight, m6_philox_uniform(how->seed, how->position, 0));
}

struct sampling {
    struct m6_cpu *cpu;
    struct m6_mat logits;
    const struct m6_sample *how;
    int32_t *id;
};

static void sample_rows(void *arg, int first, int end, int thread)
{
    const struct sampling *const s = arg;
    for (int r = first; r < end; r++) {
        const struct m6_sample *const how = &s->how[r];
        const int from = how->first > 0 ? how->first : 0;
        const int to = how->last < s->logits.cols ? how->last : s->logits.cols;
        s->id[r] =
            from +
            (to > from ? draw(s->cpu, m6_row(s->logits, r) + from, to - from, how, thread) : 0);
    }
}

void m6_cpu_sample(struct m6_backend *b, struct m6_mat logits, const struct m6_sample *how,
                   int32_t *id)
{
    struct sampling s = {.cpu = m6_cpu_of(b), .logits = logits, .how = how, .id = id};
    assert(logits.cols <= M6_CPU_CANDIDATES);
    m6_cpu_each(s.cpu, logits.rows, 4 * (int64_t)logits.cols, sample_rows, &s);
}
