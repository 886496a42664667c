#include "families/m6/config.h"

#include <stdlib.h>
#include <string.h>

#include "io/json.h"

struct reader {
    const cJSON *root;
    const char *path;
    struct m6_error *err;
    enum m6_status status; /* the first failure; later reads do nothing */
};

static void read_int(struct reader *r, const char *key, int min, int max, int *value)
{
    long long v = min;
    if (!r->status)
        r->status = m6_json_int(r->root, key, min, max, &v, r->path, r->err);
    *value = (int)v;
}

static void read_ints(struct reader *r, const char *key, int least, int most, int min, int max, int *value,
                      int *count)
{
    if (r->status)
        return;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(r->root, key);
    const int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (n < least || n > most) {
        r->status = list ? m6_fail(r->err, M6_ERR_FORMAT, "%s: \"%s\" must be a list of %d to %d numbers", r->path,
                                   key, least, most)
                         : m6_fail(r->err, M6_ERR_FORMAT, "%s lacks \"%s\"", r->path, key);
        return;
    }
    const cJSON *item = list->child;
    for (int i = 0; i < n; i++, item = item->next) {
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= min) || !(item->valuedouble <= max) ||
            item->valuedouble != (int)item->valuedouble) {
            r->status = m6_fail(r->err, M6_ERR_FORMAT, "%s: \"%s\"[%d] must be a whole number from %d to %d", r->path,
                                key, i, min, max);
            return;
        }
        value[i] = (int)item->valuedouble;
    }
    if (count)
        *count = n;
}

static void require(struct reader *r, int holds, const char *key, const char *what)
{
    if (!r->status && !holds)
        r->status = m6_fail(r->err, M6_ERR_FORMAT, "%s: \"%s\" must be %s", r->path, key, what);
}

static void read_name(struct reader *r, char *name, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(r->root, "name"));
    int plain = text != NULL;
    for (const char *c = text; plain && *c; c++)
        plain = (unsigned char)*c >= ' ' && *c != 0x7f;
    require(r, plain && *text && strlen(text) < size, "name", "a short text on one line");
    if (!r->status)
        strcpy(name, text);
}

static void read_all(struct reader *r, struct m6_config *c)
{
    read_name(r, c->name, sizeof c->name);
    read_int(r, "d_model", 8, 16384, &c->d_model);
    read_int(r, "layers", 1, 512, &c->layers);
    read_int(r, "heads", 1, 256, &c->heads);
    read_int(r, "ffn", 8, 1 << 18, &c->ffn);
    read_int(r, "experts", 0, 4096, &c->experts);
    read_int(r, "prototypes", 0, 64, &c->prototypes);
    read_int(r, "expert_ffn", 0, 1 << 18, &c->expert_ffn);
    read_int(r, "sparse_every", 0, 512, &c->sparse_every);
    read_int(r, "vocab", 16, 1 << 19, &c->vocab);
    read_int(r, "text_max", 8, 1 << 17, &c->text_max);
    read_int(r, "width", 32, 4096, &c->width);
    read_int(r, "height", 48, 4096, &c->height);
    read_ints(r, "stem", M6_STAGES, M6_STAGES, 4, 8192, c->stem, NULL);
    read_int(r, "code_w", 1, 256, &c->code_w);
    read_int(r, "code_h", 1, 256, &c->code_h);
    read_int(r, "slots", 1, M6_SLOTS_MAX, &c->slots);
    read_int(r, "codes", 2, 1 << 19, &c->codes);
    read_int(r, "depth_ffn", 8, 1 << 18, &c->depth_ffn);
    read_ints(r, "levels", 1, M6_LEVELS_MAX, 2, 256, c->level, &c->levels);
    read_ints(r, "tok_channels", 2, 2, 4, 8192, c->tok_channels, NULL);
    read_ints(r, "tok_encoder_blocks", 2, 2, 0, 64, c->tok_encoder_blocks, NULL);
    read_ints(r, "tok_decoder_blocks", 2, 2, 0, 64, c->tok_decoder_blocks, NULL);
    if (cJSON_HasObjectItem(r->root, "rewrites"))
        read_int(r, "rewrites", 0, 1, &c->rewrites);
}

/* What one field demands of another. */
static void check(struct reader *r, const struct m6_config *c)
{
    if (r->status)
        return;
    require(r, c->d_model % c->heads == 0, "d_model", "a multiple of \"heads\"");
    require(r, c->width % 32 == 0, "width", "a multiple of 32");
    require(r, c->height % 48 == 0, "height", "a multiple of 48");
    require(r, c->code_w == c->width / 16, "code_w", "a sixteenth of \"width\"");
    require(r, c->code_h == c->height / 16, "code_h", "a sixteenth of \"height\"");
    require(r, c->slots == 4, "slots", "4, the 2x2 block of the image tokenizer's grid");
    if (c->sparse_every) {
        require(r, c->experts > 0, "experts", "more than 0 when there are sparse layers");
        require(r, c->prototypes > 0 && c->experts % (c->prototypes ? c->prototypes : 1) == 0, "prototypes",
                "a divisor of \"experts\"");
        require(r, c->expert_ffn >= 8, "expert_ffn", "at least 8 when there are sparse layers");
    }
    long long product = 1;
    for (int i = 0; i < c->levels && product <= c->codes; i++)
        product *= c->level[i];
    require(r, product == c->codes, "codes", "the product of \"levels\"");
}

enum m6_status m6_config_parse(struct m6_config *config, const char *json, const char *path, struct m6_error *err)
{
    cJSON *root;
    *config = (struct m6_config){0};
    enum m6_status status = m6_json_parse(&root, json, strlen(json), path, err);
    if (status)
        return status;
    struct reader r = {root, path, err, M6_OK};
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "model_type"));
    if (!type) {
        r.status = m6_fail(err, M6_ERR_FORMAT, "%s lacks \"model_type\"", path);
    } else if (strcmp(type, "m6") != 0) {
        r.status = m6_fail(err, M6_ERR_UNSUPPORTED, "%s: models of the type \"%.40s\" are not supported", path, type);
    } else {
        read_all(&r, config);
        check(&r, config);
    }
    cJSON_Delete(root);
    return r.status;
}

/* ---- writing ---- */

static int put_ints(cJSON *root, const char *key, const int *value, int count)
{
    cJSON *list = cJSON_CreateIntArray(value, count);
    if (list && cJSON_AddItemToObject(root, key, list))
        return 1;
    cJSON_Delete(list);
    return 0;
}

static int put_words(cJSON *lexicon, const char *key, const char *const *word)
{
    cJSON *list = cJSON_AddArrayToObject(lexicon, key);
    int ok = list != NULL;
    for (; ok && word && *word; word++)
        ok = cJSON_AddItemToArray(list, cJSON_CreateString(*word));
    return ok;
}

static int put_all(cJSON *root, const struct m6_config *c)
{
    const struct {
        const char *key;
        int value;
    } number[] = {
        {"d_model", c->d_model},       {"layers", c->layers},   {"heads", c->heads},
        {"ffn", c->ffn},               {"experts", c->experts}, {"prototypes", c->prototypes},
        {"expert_ffn", c->expert_ffn}, {"vocab", c->vocab},     {"sparse_every", c->sparse_every},
        {"text_max", c->text_max},     {"width", c->width},     {"height", c->height},
        {"code_w", c->code_w},         {"code_h", c->code_h},   {"slots", c->slots},
        {"codes", c->codes},           {"depth_ffn", c->depth_ffn}, {"rewrites", c->rewrites},
    };
    int ok = cJSON_AddStringToObject(root, "model_type", "m6") && cJSON_AddStringToObject(root, "name", c->name);
    for (size_t i = 0; ok && i < sizeof number / sizeof *number; i++)
        ok = cJSON_AddNumberToObject(root, number[i].key, number[i].value) != NULL;
    return ok && put_ints(root, "stem", c->stem, M6_STAGES) && put_ints(root, "levels", c->level, c->levels) &&
           put_ints(root, "tok_channels", c->tok_channels, 2) &&
           put_ints(root, "tok_encoder_blocks", c->tok_encoder_blocks, 2) &&
           put_ints(root, "tok_decoder_blocks", c->tok_decoder_blocks, 2);
}

char *m6_config_print(const struct m6_config *config, const char *const *lexicon_en, const char *const *lexicon_zh)
{
    cJSON *root = cJSON_CreateObject();
    int ok = root && put_all(root, config);
    if (ok && (lexicon_en || lexicon_zh)) {
        cJSON *lexicon = cJSON_AddObjectToObject(root, "lexicon");
        ok = lexicon && put_words(lexicon, "en", lexicon_en) && put_words(lexicon, "zh", lexicon_zh);
    }
    char *printed = ok ? cJSON_Print(root) : NULL, *text = NULL;
    if (printed) {
        text = strdup(printed);
        cJSON_free(printed);
    }
    cJSON_Delete(root);
    return text;
}
