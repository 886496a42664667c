/* Attention of a block of queries, compiled for each set of instructions.
 *
 * Keys come in blocks of 64 in the order of the list; each query keeps its running maximum, its sum
 * of exponents and its weighted values, rescaled when a block raises the maximum. A query never
 * looks at a key that it does not see, so its result is the same alone as among others. Queries go
 * in pairs where they can, so that what is loaded of keys and values serves twice: each sum still
 * runs in its own order. */

/* The state of one query. n: keys of this block that it sees. */
struct query {
    const float *q; /* scaled, padded with zeros to whole vectors */
    float *sum;     /* of weighted values, padded */
    float *running; /* maximum, sum of exponents */
    float weight[M6_ATTEND_KEYS];
    float factor; /* what the sums so far shrink by */
    int n;
};

/* weight[first + j] = q·key[first + j] for V_TOGETHER keys and `pair` queries. */
static inline __attribute__((always_inline)) void dots(struct query *const *query, const int pair,
                                                       int first, const float *const *key, int head)
{
    const float *const *const k = key + first;
    vf s[2][V_TOGETHER];
    for (int p = 0; p < pair; p++) {
        for (int j = 0; j < V_TOGETHER; j++)
            s[p][j] = v_zero();
    }
    for (int i = 0; i < head; i += LANES) {
        const int lanes = lanes_left(head, i);
        vf x[2];
        for (int p = 0; p < pair; p++)
            x[p] = v_load(query[p]->q + i);
        for (int j = 0; j < V_TOGETHER; j++) {
            const vf y = load(k[j] + i, lanes);
            for (int p = 0; p < pair; p++)
                s[p][j] = v_fma(x[p], y, s[p][j]);
        }
    }
    for (int p = 0; p < pair; p++)
        v_sums(query[p]->weight + first, s[p]);
}

/* Scores of a block, turned into exponents below the running maximum, which they may raise. Weights
 * past n up to a whole vector are zero. */
static inline __attribute__((always_inline)) void
weigh_keys(struct query *const *query, const int pair, const float *const *key, int head)
{
    for (int j = 0; j < query[pair - 1]->n; j += V_TOGETHER)
        dots(query, pair, j, key, head);
    for (int p = 0; p < pair; p++) {
        float *const running = query[p]->running;
        vf largest = v_set1(running[0]);
        for (int j = query[p]->n; j % LANES; j++)
            query[p]->weight[j] = -INFINITY;
        for (int j = 0; j < query[p]->n; j += LANES)
            largest = v_max(largest, v_load(query[p]->weight + j));
        const float most_now = v_largest(largest);
        float factor[LANES];
        vf total = v_zero();
        v_store(factor, v_exp(v_set1(running[0] - most_now)));
        for (int j = 0; j < query[p]->n; j += LANES) {
            const vf e = v_exp(v_sub(v_load(query[p]->weight + j), v_set1(most_now)));
            v_store(query[p]->weight + j, e);
            total = v_add(total, e);
        }
        query[p]->factor = factor[0];
        running[0] = most_now;
        running[1] = running[1] * factor[0] + v_sum(total);
    }
}

/* sum = sum·factor + Σ_j weight[j]·value[j] for keys from … end-1, over `vectors` vectors from
 * column i on. */
static inline __attribute__((always_inline)) void
add_columns(struct query *const *query, const int pair, const float *const *value, int from,
            int end, int i, const int vectors, int lanes)
{
    vf s[2][4];
    for (int p = 0; p < pair; p++) {
        for (int c = 0; c < vectors; c++) {
            s[p][c] = v_load(query[p]->sum + i + LANES * c);
            if (from == 0)
                s[p][c] = v_mul(s[p][c], v_set1(query[p]->factor));
        }
    }
    for (int j = from; j < end; j++) {
        for (int c = 0; c < vectors; c++) {
            const vf v = load(value[j] + i + LANES * c, lanes);
            for (int p = 0; p < pair; p++)
                s[p][c] = v_fma(v_set1(query[p]->weight[j]), v, s[p][c]);
        }
    }
    for (int p = 0; p < pair; p++) {
        for (int c = 0; c < vectors; c++)
            v_store(query[p]->sum + i + LANES * c, s[p][c]);
    }
}

static inline __attribute__((always_inline)) void add_values(struct query *const *query,
                                                             const int pair,
                                                             const float *const *value, int from,
                                                             int end, int head)
{
    int i = 0;
    for (; i + 4 * LANES <= head; i += 4 * LANES)
        add_columns(query, pair, value, from, end, i, 4, LANES);
    for (; i < head; i += LANES)
        add_columns(query, pair, value, from, end, i, 1, lanes_left(head, i));
}

static void attend_one(struct query *a, const float *const *key, const float *const *value,
                       int head)
{
    struct query *const query[1] = {a};
    weigh_keys(query, 1, key, head);
    add_values(query, 1, value, 0, a->n, head);
}

/* Two queries, of which the second sees no fewer keys than the first. */
static void attend_two(struct query *a, struct query *b, const float *const *key,
                       const float *const *value, int head)
{
    struct query *const query[2] = {a, b};
    weigh_keys(query, 2, key, head);
    add_values(query, 2, value, 0, a->n, head);
    if (b->n > a->n)
        add_values(query + 1, 1, value, a->n, b->n, head);
}

static int seen_by(const struct m6_attend *a, int query, int first, int keys)
{
    const int left = a->visible + query / a->group * a->step - first;
    return left < keys ? left : keys;
}

static void attend_keys(const struct m6_attend *a, float *scratch, int padded, int first, int keys)
{
    const int queries = a->rows * a->group;
    const size_t all = (size_t)queries * (size_t)padded;
    const float *key[M6_ATTEND_KEYS], *value[M6_ATTEND_KEYS];
    struct query pair[2];
    for (int j = 0; j < M6_ATTEND_KEYS;
         j++) { /* the rest of a group repeats a key and is dropped */
        const int64_t at = a->slot[first + (j < keys ? j : keys - 1)] * a->slot_stride;
        key[j] = a->k + at;
        value[j] = a->v + at;
    }
    /* a head's part of a slot is too short for the processor to see where the next will be */
    for (int j = 0; j < keys; j++) {
        for (int i = 0; i < a->ahead; i += 16) {
            __builtin_prefetch(key[j] + a->ahead + i, 0, 2);
            __builtin_prefetch(value[j] + a->ahead + i, 0, 2);
        }
    }
    for (int i = 0; i < queries;) {
        int count = 0;
        for (; count < 2 && i < queries; i++) {
            struct query *const q = &pair[count];
            q->n = seen_by(a, i, first, keys);
            if (q->n <= 0)
                continue;
            q->q = scratch + (size_t)i * (size_t)padded;
            q->sum = scratch + all + (size_t)i * (size_t)padded;
            q->running = scratch + 2 * all + 2 * i;
            count++;
        }
        if (count == 2)
            attend_two(&pair[0], &pair[1], key, value, a->head_dim);
        else if (count == 1)
            attend_one(&pair[0], key, value, a->head_dim);
    }
}

static void attend(const struct m6_attend *a, float *scratch)
{
    const int head = a->head_dim, padded = (head + LANES - 1) / LANES * LANES,
              queries = a->rows * a->group;
    float *const sum = scratch + (size_t)queries * (size_t)padded, *const running =
                                                                       sum + (sum - scratch);
    for (int r = 0; r < queries; r++) {
        const float *const from = a->q + r / a->group * a->q_stride + r % a->group * head;
        float *const to = scratch + (size_t)r * (size_t)padded;
        EACH_VECTOR(head)
        {
            v_store(to + i, v_mul(load(from + i, lanes), v_set1(a->scale)));
            v_store(to + (sum - scratch) + i, v_zero());
        }
        running[2 * r] = -INFINITY;
        running[2 * r + 1] = 0;
    }
    const int longest = a->visible + (a->rows - 1) * a->step;
    for (int first = 0; first < longest; first += M6_ATTEND_KEYS)
        attend_keys(a, scratch, padded, first,
                    longest - first < M6_ATTEND_KEYS ? longest - first : M6_ATTEND_KEYS);
    for (int r = 0; r < queries; r++) {
        float *const to = a->y + r / a->group * a->y_stride + r % a->group * head;
        const float *const from = sum + (size_t)r * (size_t)padded;
        const vf s = v_set1(running[2 * r + 1] > 0 ? 1.0f / running[2 * r + 1] : 0.0f);
        EACH_VECTOR(head)
        {
            store(to + i, v_mul(v_load(from + i), s), lanes);
        }
    }
}
