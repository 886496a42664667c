/* How much of the image tokenizer's book true frames use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "families/m6/transformer.h"
#include "io/file.h"

enum m6_status eval_codes_used(const struct eval_run *run, cJSON *json, struct m6_error *err)
{
    char path[4096];
    char *config = NULL;
    struct m6_backend *backend = NULL;
    struct m6_model *loaded = NULL;
    int32_t *code = NULL;
    char *used = NULL;
    enum m6_status status = M6_OK;
    snprintf(path, sizeof path, "%s/config.json", run->model);
    struct m6_file file;
    status = m6_file_map(&file, path, err);
    if (!status) {
        config = strndup(file.data, file.size);
        m6_file_unmap(&file);
        if (!config)
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
    }
    if (!status && !(backend = m6_cpu_create(run->threads, NULL, err)))
        status = M6_ERR_MEMORY;
    if (!status) {
        struct m6_load load = {.backend = backend, .compute = M6_BF16, .folder = run->model, .config = config};
        status = m6_family_m6.load(&loaded, &load, err);
    }
    if (!status) {
        struct m6_transformer *t = (struct m6_transformer *)(void *)loaded;
        int codes = t->config.codes, count = t->config.code_w * t->config.code_h * t->config.slots, hit = 0;
        code = malloc((size_t)count * sizeof *code);
        used = calloc((size_t)codes, 1);
        if (!code || !used)
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for codes");
        for (int i = 0; i < run->count && !status; i++) {
            struct sw_scene scene;
            eval_scene(run, i, 0, &scene);
            uint8_t *rgb = eval_frames(&scene, 0, NULL);
            if (!rgb) {
                status = m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
                break;
            }
            m6_codec_encode(&t->lane[0], rgb, code);
            for (int k = 0; k < count; k++)
                used[code[k]] = 1;
            free(rgb);
        }
        for (int k = 0; k < codes && used; k++)
            hit += used[k];
        if (!status)
            cJSON_AddNumberToObject(json, "codes_used", (double)hit / codes);
    }
    if (loaded)
        m6_family_m6.destroy(loaded);
    m6_cpu_destroy(backend);
    free(config);
    free(code);
    free(used);
    return status;
}
