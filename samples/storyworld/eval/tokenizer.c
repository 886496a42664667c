/* The image tokenizer, asked directly: what is left of a true frame after a round trip through its codes, and how much of
 * its book true frames use. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "families/m6/transformer.h"
#include "io/file.h"

/* A model of its own, since the engine lends no part of the one that it serves. */
struct codec {
    struct m6_backend *backend;
    struct m6_transformer *model;
    char *config;
};

static void codec_close(struct codec *codec)
{
    if (codec->model)
        m6_transformer_destroy(&codec->model->base);
    if (codec->backend)
        m6_cpu_destroy(codec->backend);
    free(codec->config);
}

static enum m6_status codec_open(struct codec *codec, const struct eval_run *run, struct m6_error *err)
{
    char path[4096];
    struct m6_file file;
    snprintf(path, sizeof path, "%s/config.json", run->model);
    enum m6_status status = m6_file_map(&file, path, err);
    if (status)
        return status;
    codec->config = strndup(file.data, file.size);
    m6_file_unmap(&file);
    if (!codec->config)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
    codec->backend = m6_cpu_create(run->threads, NULL, err);
    if (!codec->backend)
        return M6_ERR_MEMORY;
    const struct m6_load load = {
        .backend = codec->backend, .compute = M6_BF16, .folder = run->model, .config = codec->config};
    struct m6_model *model = NULL;
    status = m6_transformer_load(&model, &load, err);
    codec->model = (struct m6_transformer *)(void *)model;
    return status;
}

struct error_sum {
    double squares, samples;
};

static void add(struct error_sum *sum, const uint8_t *a, const uint8_t *b)
{
    for (int c = 0; c < 3; c++) {
        const double d = (double)a[c] - b[c];
        sum->squares += d * d;
    }
    sum->samples += 3;
}

static double decibels(const struct error_sum *sum)
{
    return sum->samples > 0 ? -10 * log10(sum->squares / sum->samples / (255.0 * 255.0) + 1e-12) : 0;
}

static int count_used(const char *used, int codes)
{
    int hit = 0;
    for (int i = 0; i < codes; i++)
        hit += used[i];
    return hit;
}

enum m6_status eval_tokenizer(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    enum { PIXELS = SW_WIDTH * SW_HEIGHT };
    struct codec codec = {0};
    struct error_sum all = {0, 0}, subject = {0, 0};
    uint8_t *mask = malloc(PIXELS), *back = malloc(PIXELS * 3);
    enum m6_status status = codec_open(&codec, run, err);
    const struct m6_config *c = status ? NULL : &codec.model->config;
    const int places = c ? m6_config_places(c) * c->slots : 0;
    int32_t *code = malloc(((size_t)places + 1) * sizeof *code);
    char *used = calloc(c ? (size_t)c->codes : 1, 1);
    if (!status && !(mask && back && code && used))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
    for (int i = 0; i < run->count && !status; i++) {
        struct sw_scene scene;
        eval_scene(run, i, 0, &scene);
        uint8_t *rgb = eval_frames(&scene, 0, mask);
        if (!rgb || *run->interrupted) {
            status = rgb ? m6_fail(err, M6_ERR_CANCELLED, "interrupted") : m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
            free(rgb);
            break;
        }
        m6_codec_encode(&codec.model->lane[0], rgb, code);
        m6_codec_decode(&codec.model->lane[0], code, back);
        for (int k = 0; k < places; k++)
            used[code[k]] = 1;
        for (int p = 0; p < PIXELS; p++) {
            add(&all, rgb + p * 3, back + p * 3);
            if (mask[p])
                add(&subject, rgb + p * 3, back + p * 3);
        }
        status = eval_dump_picture(run, i, "roundtrip.png", back, err);
        free(rgb);
        eval_progress(run, "image tokenizer", i + 1, run->count);
    }
    if (!status) {
        cJSON *json = cJSON_AddObjectToObject(report, "tokenizer");
        cJSON_AddNumberToObject(json, "psnr_db", decibels(&all));
        cJSON_AddNumberToObject(json, "subject_psnr_db", decibels(&subject));
        cJSON_AddNumberToObject(json, "codes_used", (double)count_used(used, c->codes) / c->codes);
    }
    free(mask);
    free(back);
    free(code);
    free(used);
    codec_close(&codec);
    return status;
}
