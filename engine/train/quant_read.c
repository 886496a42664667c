#include <stdio.h>
#include <string.h>

#include "core/bf16.h"
#include "train/param_internal.h"
#include "train/quant.h"

static enum m6_status read_one(struct m6_param *p, const struct m6_safetensors *file, const char *path,
                               struct m6_error *err)
{
    const struct m6_stensor *t = m6_safetensors_find(file, p->name);
    const size_t n = (size_t)p->rows * (size_t)p->cols;
    char name[112];
    snprintf(name, sizeof name, "%s.scale", p->name);
    const struct m6_stensor *scale = t->type == M6_I8 ? m6_safetensors_find(file, name) : NULL;
    if (!m6_param_shape_fits(p, t))
        return m6_fail(err, M6_ERR_MODEL, "%s: \"%s\" is not of %d × %d, as the config wants it", path, p->name, p->rows,
                       p->cols);
    if (t->type == M6_I8 && (!scale || scale->type != M6_F32 || scale->bytes != (size_t)p->rows * sizeof(float)))
        return m6_fail(err, M6_ERR_MODEL, "%s: \"%s\" lacks its scale, one F32 a row", path, p->name);
    if (t->type == M6_F32) {
        memcpy(p->value, t->data, t->bytes);
        return M6_OK;
    }
    if (t->type != M6_I8 && t->type != M6_BF16)
        return m6_fail(err, M6_ERR_UNSUPPORTED, "%s: \"%s\" is %s; F32, BF16 and I8 are known", path, p->name,
                       m6_type_name(t->type));
    for (size_t i = 0; i < n; i++) {
        if (t->type == M6_I8) {
            float s;
            memcpy(&s, (const char *)scale->data + i / (size_t)p->cols * sizeof s, sizeof s);
            p->value[i] = s * (float)((const int8_t *)t->data)[i];
        } else {
            uint16_t h;
            memcpy(&h, (const char *)t->data + i * sizeof h, sizeof h);
            p->value[i] = m6_bf16_to_float(h);
        }
    }
    return M6_OK;
}

enum m6_status m6_quant_read(struct m6_params *p, const char *path, int partial, struct m6_error *err)
{
    struct m6_safetensors *file;
    enum m6_status status = m6_safetensors_open(&file, path, err);
    if (status)
        return status;
    int found = 0;
    for (int i = 0; i < m6_params_count(p) && !status; i++) {
        struct m6_param *one = m6_params_at(p, i);
        if (m6_safetensors_find(file, one->name)) {
            status = read_one(one, file, path, err);
            found++;
        } else if (!partial) {
            status = m6_fail(err, M6_ERR_MODEL, "%s lacks \"%s\"", path, one->name);
        }
    }
    if (!status && !found)
        status = m6_fail(err, M6_ERR_MODEL, "%s has none of the weights that are wanted, such as \"%s\"", path,
                         m6_params_count(p) ? m6_params_at(p, 0)->name : "");
    m6_safetensors_close(file);
    return status;
}
