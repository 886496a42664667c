#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "families/m6/transformer.h"
#include "io/json.h"

/* The longest requests: all pictures, a full text and its full answer; or a full prompt and its drawing, both with a
 * second row of guidance that has two tokens of text. */
int m6_transformer_slots(const struct m6_config *c)
{
    const int answer = M6_FRAMES_MAX * m6_config_patches(c) + 2 * c->text_max;
    const int drawing = c->text_max + 2 + 2 * m6_config_places(c);
    return answer > drawing ? answer : drawing;
}

static double picture_macs(double positions, int deep, int channels, int blocks)
{
    return positions * ((double)deep * channels + 18.0 * blocks * channels * channels);
}

/* What a picture costs, in multiplications of one row of the stack. */
static void measure_costs(struct m6_transformer *t)
{
    const struct m6_config *c = &t->config;
    const double quarter = (double)c->width * c->height / 16, d = c->d_model;
    double row = 0, stem = 0;
    for (int i = 0; i < c->layers; i++)
        row += 4 * d * d + 2 * d * (m6_config_sparse(c, i) ? c->prototypes * c->expert_ffn : c->ffn);
    for (int i = 0; i < M6_STAGES; i++)
        stem += picture_macs(quarter / (1 << 2 * i), i ? 4 * c->stem[i - 1] : 48, c->stem[i], 1);
    const int *ch = c->tok_channels;
    const double encode = picture_macs(quarter, 48, ch[0], c->tok_encoder_blocks[0]) +
                          picture_macs(quarter / 4, 4 * ch[0], ch[1], c->tok_encoder_blocks[1]);
    const double decode = picture_macs(quarter / 4, 9 * ch[1] + 4 * ch[0], ch[1], c->tok_decoder_blocks[1]) +
                          picture_macs(quarter, 48, ch[0], c->tok_decoder_blocks[0]);
    t->cost.stem = 1 + (int)(stem / row);
    t->cost.encode = 1 + (int)(encode / row);
    t->cost.decode = 1 + (int)(decode / row);
}

/* 64 MiB of keys and values are plenty for a small model, and four of the longest requests the least for a large one. */
static int default_pages(const struct m6_config *c, size_t page_bytes)
{
    const int64_t longest = m6_cache_pages(m6_transformer_slots(c)) + M6_FRAMES_MAX + 3;
    int64_t pages = (int64_t)((64 << 20) / page_bytes);
    pages = pages > 64 * longest ? 64 * longest : pages;
    return (int)(pages < 4 * longest ? 4 * longest : pages);
}

static enum m6_status make_cache(struct m6_transformer *t, const struct m6_load *load, struct m6_error *err)
{
    const struct m6_config *c = &t->config;
    const int head = c->d_model / c->heads;
    const size_t page = m6_cache_page_bytes(c->layers, c->heads, head), wanted = load->cache_bytes / page;
    if (load->cache_bytes && (wanted < 1 || wanted > (1 << 28) / M6_PAGE))
        return m6_fail(err, M6_ERR_ARGUMENT, "the cache is to have %zu bytes; %zu hold %d rows, which is the least",
                       load->cache_bytes, page, M6_PAGE);
    m6_prefix_init(&t->prefix, &t->cache);
    m6_features_init(&t->features, t->backend, load->encoder_bytes == SIZE_MAX ? 32 << 20 : load->encoder_bytes);
    return m6_cache_init(&t->cache, t->backend, c->layers, load->cache_bytes ? (int)wanted : default_pages(c, page),
                         c->heads, head, err);
}

static enum m6_status find_specials(struct m6_transformer *t, const char *path, struct m6_error *err)
{
    struct m6_specials *s = &t->special;
    const struct {
        const char *text;
        int32_t *id;
    } wanted[] = {{"<bos>", &s->bos},
                  {"<eos>", &s->eos},
                  {"<mask>", &s->mask},
                  {"<boi>", &s->boi},
                  {"<yes>", &s->yes},
                  {"<no>", &s->no},
                  {"<caption_en>", &s->caption_en},
                  {"<caption_zh>", &s->caption_zh},
                  {"<ask>", &s->ask},
                  {"<match>", &s->match},
                  {"<draw>", &s->draw},
                  {"<script_en>", &s->script_en},
                  {"<script_zh>", &s->script_zh}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if ((*wanted[i].id = m6_tokenizer_special(t->tokenizer, wanted[i].text)) < 0)
            return m6_fail(err, M6_ERR_MODEL, "%s lacks the added token %s", path, wanted[i].text);
    if (m6_tokenizer_vocab(t->tokenizer) > t->config.vocab)
        return m6_fail(err, M6_ERR_MODEL, "%s has %d tokens, but config.json only %d", path,
                       m6_tokenizer_vocab(t->tokenizer), t->config.vocab);
    return M6_OK;
}

/* An answer is made of text and ends with <eos>: no other special token can be drawn, and no id without a token. */
static enum m6_status forbid_specials(struct m6_transformer *t, struct m6_error *err)
{
    const size_t bytes = (size_t)t->config.vocab * sizeof(float);
    float *bias = malloc(bytes);
    t->text_bias = t->ops->alloc(t->backend, bytes);
    if (!bias || !t->text_bias) {
        free(bias);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the vocabulary");
    }
    for (int id = 0; id < t->config.vocab; id++) {
        int size = 0;
        m6_tokenizer_token(t->tokenizer, id, &size);
        bias[id] = id == t->special.eos || (size && !m6_tokenizer_is_special(t->tokenizer, id)) ? 0 : -INFINITY;
    }
    t->ops->upload(t->backend, t->text_bias, bias, bytes);
    free(bias);
    return M6_OK;
}

static enum m6_status load_tokenizer(struct m6_transformer *t, const char *folder, struct m6_error *err)
{
    char *path = NULL;
    if (asprintf(&path, "%s/tokenizer.json", folder) < 0)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to load %s", folder);
    enum m6_status status = m6_tokenizer_load(&t->tokenizer, path, err);
    if (!status)
        status = find_specials(t, path, err);
    free(path);
    return status ? status : forbid_specials(t, err);
}

static enum m6_status load_config(struct m6_transformer *t, const struct m6_load *load, struct m6_error *err)
{
    char path[512];
    cJSON *root;
    snprintf(path, sizeof path, "%.490s/config.json", load->folder);
    enum m6_status status = m6_config_parse(&t->config, load->config, path, err);
    if (status)
        return status;
    if (t->config.d_model / t->config.heads > t->backend->head_max)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: heads of more than %d columns are not supported", path,
                       t->backend->head_max);
    if (m6_transformer_slots(&t->config) > 1 << 20)
        return m6_fail(err, M6_ERR_LIMIT, "%s: requests of %d rows are too long", path,
                       m6_transformer_slots(&t->config));
    status = m6_json_parse(&root, load->config, strlen(load->config), path, err);
    if (!status) {
        status = m6_lexicon_init(&t->lexicon, cJSON_GetObjectItemCaseSensitive(root, "lexicon"), path, err);
        cJSON_Delete(root);
    }
    return status;
}

static enum m6_status load_weights(struct m6_transformer *t, const struct m6_load *load, struct m6_error *err)
{
    struct m6_safetensors *tensors;
    enum m6_status status = m6_safetensors_open(&tensors, load->folder, err);
    if (status)
        return status;
    status = m6_weights_load(&t->weights, &t->config, load, tensors, load->folder, err);
    m6_safetensors_close(tensors);
    return status;
}

enum m6_status m6_transformer_load(struct m6_model **out, const struct m6_load *load, struct m6_error *err)
{
    struct m6_transformer *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to load %s", load->folder);
    t->base.family = &m6_family_m6;
    t->backend = load->backend;
    t->ops = load->backend->ops;
    t->compute = load->compute;
    enum m6_status status = load_config(t, load, err);
    if (!status)
        status = load_tokenizer(t, load->folder, err);
    if (!status)
        status = load_weights(t, load, err);
    if (!status)
        status = make_cache(t, load, err);
    for (int i = 0; i < M6_LANES && !status; i++)
        status = m6_lane_init(&t->lane[i], t, err);
    if (!status)
        measure_costs(t);
    t->secret = m6_hash_secret();
    if (status) {
        m6_transformer_destroy(&t->base);
        return status;
    }
    *out = &t->base;
    return M6_OK;
}

void m6_transformer_destroy(struct m6_model *model)
{
    struct m6_transformer *t = (struct m6_transformer *)model;
    if (!t)
        return;
    for (int i = 0; i < M6_LANES; i++)
        m6_lane_finish(&t->lane[i]);
    m6_features_finish(&t->features);
    m6_prefix_finish(&t->prefix);
    m6_cache_finish(&t->cache);
    m6_weights_finish(&t->weights, &t->config);
    m6_lexicon_finish(&t->lexicon);
    if (t->text_bias)
        t->ops->free(t->backend, t->text_bias);
    m6_tokenizer_destroy(t->tokenizer);
    free(t);
}
