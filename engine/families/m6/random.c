#include "families/m6/random.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/bf16.h"
#include "core/philox.h"
#include "families/m6/weights.h"
#include "io/file.h"
#include "io/json.h"
#include "text/utf8.h"

void m6_config_tiny(struct m6_config *c)
{
    *c = (struct m6_config){
        .name = "m6-tiny", .d_model = 32, .layers = 2, .heads = 4, .ffn = 48, .experts = 4, .prototypes = 2,
        .expert_ffn = 24, .sparse_every = 2, .vocab = 320, .text_max = 48, .width = 64, .height = 48,
        .stem = {8, 12, 16}, .code_w = 4, .code_h = 3, .slots = 4, .codes = 60, .depth_ffn = 40,
        .levels = 3, .level = {5, 4, 3}, .tok_channels = {8, 12}, .tok_encoder_blocks = {1, 1},
        .tok_decoder_blocks = {1, 2}};
}

void m6_config_mini(struct m6_config *c)
{
    *c = (struct m6_config){
        .name = "m6-mini", .d_model = 256, .layers = 6, .heads = 8, .ffn = 1024, .experts = 8, .prototypes = 2,
        .expert_ffn = 512, .sparse_every = 2, .vocab = 2048, .text_max = 768, .width = 256, .height = 144,
        .stem = {48, 96, 192}, .code_w = 16, .code_h = 9, .slots = 4, .codes = 1000, .depth_ffn = 512,
        .levels = 4, .level = {8, 5, 5, 5}, .tok_channels = {64, 128}, .tok_encoder_blocks = {1, 2},
        .tok_decoder_blocks = {2, 3}, .rewrites = 1};
}

static const char *const words_en[] = {"a",   "red",  "blue",   "cat",  "dog",    "bus",   "in",    "the", "on",
                                       "run", "walk", "street", "rain", "forest", "night", "morning", NULL};
static const char *const words_zh[] = {"猫", "狗", "红色", "蓝色", "街道", "下雨", "的", "一只", "在", NULL};
static const char *const specials[] = {M6_SPECIAL_TOKENS};

enum { SPECIALS = sizeof specials / sizeof *specials };

/* ---- tokenizer.json ---- */

/* The byte-level spelling of a byte. */
static int spell(int byte, char *out)
{
    int shifted = 256;
    for (int b = 0; b < byte; b++)
        shifted += !((b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174);
    const int itself = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const int n = m6_utf8_write(itself ? (uint32_t)byte : (uint32_t)shifted, out);
    out[n] = '\0';
    return n;
}

/* " word" grows from its first byte to its last, one merge a byte. */
static int add_word(cJSON *vocab, cJSON *merges, const char *word, int next, int most)
{
    char left[256], right[8], whole[272], merge[288];
    spell(' ', left);
    for (const char *p = word; *p && next < most; p++) {
        spell((unsigned char)*p, right);
        snprintf(whole, sizeof whole, "%s%s", left, right);
        if (!cJSON_GetObjectItemCaseSensitive(vocab, whole)) {
            snprintf(merge, sizeof merge, "%s %s", left, right);
            cJSON_AddNumberToObject(vocab, whole, next++);
            cJSON_AddItemToArray(merges, cJSON_CreateString(merge));
        }
        snprintf(left, sizeof left, "%.200s", whole);
    }
    return next;
}

static char *tokenizer_text(int most)
{
    cJSON *root = cJSON_CreateObject(), *added = cJSON_AddArrayToObject(root, "added_tokens");
    cJSON *pre = cJSON_AddObjectToObject(root, "pre_tokenizer"), *model = cJSON_AddObjectToObject(root, "model");
    cJSON_AddStringToObject(pre, "type", "ByteLevel");
    cJSON_AddBoolToObject(pre, "add_prefix_space", 0);
    cJSON_AddStringToObject(model, "type", "BPE");
    cJSON *vocab = cJSON_AddObjectToObject(model, "vocab"), *merges = cJSON_AddArrayToObject(model, "merges");
    int next = 0;
    for (; next < SPECIALS; next++) {
        cJSON *token = cJSON_CreateObject();
        cJSON_AddNumberToObject(token, "id", next);
        cJSON_AddStringToObject(token, "content", specials[next]);
        cJSON_AddBoolToObject(token, "special", 1);
        cJSON_AddItemToArray(added, token);
    }
    for (int b = 0; b < 256; b++) {
        char text[8];
        spell(b, text);
        cJSON_AddNumberToObject(vocab, text, next++);
    }
    for (int i = 0; words_en[i]; i++)
        next = add_word(vocab, merges, words_en[i], next, most);
    for (int i = 0; words_zh[i]; i++)
        next = add_word(vocab, merges, words_zh[i], next, most);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    return text;
}

/* ---- model.safetensors ---- */

struct writer {
    struct m6_stensor *tensor;
    char (*name)[112];
    int count, room;
    enum m6_type matrices;
    uint64_t seed, stream;
};

/* Unit variance: the sum of two uniform values. */
static void fill(float *to, size_t n, float mean, float deviation, uint64_t seed, uint64_t stream)
{
    const float scale = deviation * 2.4494897f / 4294967296.0f;
    for (size_t i = 0; i < n; i += 2) {
        const struct m6_philox r = m6_philox(seed, i, stream);
        to[i] = mean + scale * (float)((int64_t)r.x[0] + (int64_t)r.x[1] - 4294967296);
        if (i + 1 < n)
            to[i + 1] = mean + scale * (float)((int64_t)r.x[2] + (int64_t)r.x[3] - 4294967296);
    }
}

static int add_tensor(struct writer *w, const char *name, enum m6_type type, int rows, int cols, void *data)
{
    if (!data || w->count == w->room) {
        free(data);
        return 0;
    }
    struct m6_stensor *t = &w->tensor[w->count];
    snprintf(w->name[w->count], sizeof *w->name, "%s", name);
    *t = (struct m6_stensor){.name = w->name[w->count++], .type = type, .data = data};
    t->dims = rows > 1 ? 2 : 1;
    t->dim[0] = rows > 1 ? rows : cols;
    t->dim[1] = cols;
    t->bytes = (size_t)rows * (size_t)cols * m6_type_size(type);
    return 1;
}

static int add_i8(struct writer *w, const char *name, int rows, int cols, const float *value)
{
    int8_t *q = malloc((size_t)rows * (size_t)cols);
    float *scale = malloc((size_t)rows * sizeof *scale);
    char full[112];
    snprintf(full, sizeof full, "%.100s.scale", name);
    for (int r = 0; q && scale && r < rows; r++) {
        const float *row = value + (size_t)r * (size_t)cols;
        float most = 1e-9f;
        for (int i = 0; i < cols; i++)
            most = fmaxf(most, fabsf(row[i]));
        scale[r] = most / 127;
        for (int i = 0; i < cols; i++)
            q[(size_t)r * (size_t)cols + (size_t)i] = (int8_t)lrintf(row[i] / scale[r]);
    }
    const int first = add_tensor(w, full, M6_F32, 1, rows, scale);
    return add_tensor(w, name, M6_I8, rows, cols, q) && first;
}

static int add_bf16(struct writer *w, const char *name, int rows, int cols, const float *value)
{
    const size_t n = (size_t)rows * (size_t)cols;
    uint16_t *h = malloc(n * sizeof *h);
    for (size_t i = 0; h && i < n; i++)
        h[i] = m6_bf16_from_float(value[i]);
    return add_tensor(w, name, M6_BF16, rows, cols, h);
}

static enum m6_status add_weight(void *arg, const struct m6_weight_spec *spec)
{
    struct writer *w = arg;
    const size_t n = (size_t)spec->rows * (size_t)spec->cols;
    const int matrix = spec->form == M6_FORM_MATRIX, vector = spec->form == M6_FORM_VECTOR;
    const int gain = vector && strstr(spec->name, ".gain");
    float *value = malloc(n * sizeof *value);
    if (!value)
        return M6_ERR_MEMORY;
    fill(value, n, gain ? 1 : 0, matrix ? 1 / sqrtf((float)spec->cols) : vector ? 0.05f : 0.5f, w->seed, w->stream++);
    int ok;
    if (spec->rows == 1 || spec->form == M6_FORM_HOST || w->matrices == M6_F32)
        return add_tensor(w, spec->name, M6_F32, spec->rows, spec->cols, value) ? M6_OK : M6_ERR_MEMORY;
    if (w->matrices == M6_I8)
        ok = add_i8(w, spec->name, spec->rows, spec->cols, value);
    else
        ok = add_bf16(w, spec->name, spec->rows, spec->cols, value);
    free(value);
    return ok ? M6_OK : M6_ERR_MEMORY;
}

static enum m6_status count_weight(void *arg, const struct m6_weight_spec *spec)
{
    *(int *)arg += 2;
    return M6_OK;
}

static int wider_first(const void *a, const void *b)
{
    const struct m6_stensor *x = a, *y = b;
    const size_t p = m6_type_size(x->type), q = m6_type_size(y->type);
    return p != q ? (p < q ? 1 : -1) : strcmp(x->name, y->name);
}

static enum m6_status write_weights(const char *path, const struct m6_config *c, enum m6_type matrices, uint64_t seed,
                                    struct m6_error *err)
{
    struct writer w = {.matrices = matrices, .seed = seed};
    m6_weights_each(c, NULL, count_weight, &w.room);
    w.tensor = calloc((size_t)w.room, sizeof *w.tensor);
    w.name = calloc((size_t)w.room, sizeof *w.name);
    enum m6_status status = w.tensor && w.name ? m6_weights_each(c, NULL, add_weight, &w) : M6_ERR_MEMORY;
    if (status) {
        m6_fail(err, status, "no memory for random weights");
    } else {
        static const char *const metadata[] = {"format", "pt", "m6", "random weights", NULL};
        qsort(w.tensor, (size_t)w.count, sizeof *w.tensor, wider_first);
        status = m6_safetensors_write(path, w.tensor, w.count, metadata, err);
    }
    for (int i = 0; w.tensor && i < w.count; i++)
        free((void *)(uintptr_t)w.tensor[i].data);
    free(w.tensor);
    free(w.name);
    return status;
}

/* ---- the folder ---- */

static enum m6_status write_text(const char *path, const char *text, struct m6_error *err)
{
    const struct m6_bytes piece = {text, text ? strlen(text) : 0};
    return text ? m6_file_write(path, &piece, 1, err) : m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
}

enum m6_status m6_model_random(const char *folder, const struct m6_config *c, enum m6_type matrices, uint64_t seed,
                               struct m6_error *err)
{
    char path[1024];
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return m6_fail(err, M6_ERR_IO, "cannot make the folder %s: %s", folder, strerror(errno));
    char *config = m6_config_print(c, words_en, words_zh), *tokenizer = tokenizer_text(c->vocab);
    snprintf(path, sizeof path, "%s/config.json", folder);
    enum m6_status status = write_text(path, config, err);
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    if (!status)
        status = write_text(path, tokenizer, err);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    if (!status)
        status = write_weights(path, c, matrices, seed, err);
    free(config);
    cJSON_free(tokenizer);
    return status;
}
