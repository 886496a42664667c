/* The release folder of a trained model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "train/image.h"
#include "train/m6_job.h"
#include "train/quant.h"

/* Puts the image tokenizer beside the stack. */
static enum m6_status merge(struct m6_params *all, const struct m6_params *image, struct m6_error *err)
{
    for (int i = 0; i < m6_params_count(image); i++) {
        const struct m6_param *from = m6_params_at(image, i);
        struct m6_param *to = m6_params_add(all, from->name, from->rows, from->cols, 0, 0, 0);
        if (!to)
            return m6_fail(err, M6_ERR_MEMORY, "no memory for %s", from->name);
        memcpy(to->value, from->value, (size_t)from->rows * (size_t)from->cols * sizeof *to->value);
    }
    return M6_OK;
}

static const char **words(const struct m6_source *s, enum m6_lang lang)
{
    int n = 0;
    while (s->word && s->word(s->self, n, lang))
        n++;
    const char **list = calloc((size_t)n + 1, sizeof *list);
    for (int i = 0; list && i < n; i++)
        list[i] = s->word(s->self, i, lang);
    return list;
}

static enum m6_status write_config(struct m6_trainer *t, const char *folder, struct m6_error *err)
{
    char path[M6_PATH_BYTES + 32];
    const char **en = words(t->source, M6_LANG_EN), **zh = words(t->source, M6_LANG_ZH);
    char *text = en && zh ? m6_config_print(&t->recipe.config, en, zh) : NULL;
    enum m6_status status = M6_ERR_MEMORY;
    snprintf(path, sizeof path, "%s/config.json", folder);
    if (text)
        status = m6_file_write(path, &(struct m6_bytes){text, strlen(text)}, 1, err);
    else
        m6_fail(err, status, "no memory to write %s", path);
    free(text);
    free(en);
    free(zh);
    return status;
}

static enum m6_status copy_tokenizer(struct m6_trainer *t, const char *folder, struct m6_error *err)
{
    char path[M6_PATH_BYTES + 32], *text;
    size_t size;
    enum m6_status status = m6_file_read(t->recipe.tokenizer, &text, &size, err);
    if (status)
        return status;
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    status = m6_file_write(path, &(struct m6_bytes){text, size}, 1, err);
    free(text);
    return status;
}

enum m6_status m6_export(struct m6_trainer *t, const char *folder, struct m6_error *err)
{
    const struct m6_job_state *j = t->self;
    char path[M6_PATH_BYTES + 32], number[32];
    int64_t step;
    if (!j->image)
        return m6_fail(err, M6_ERR_MODEL, "%s: a model without drawing cannot be exported", t->recipe.path);
    enum m6_status status = m6_trainer_newest(t->recipe.folder, path, &step, err);
    if (!status)
        status = m6_make_folders(folder, err);
    if (!status)
        status = m6_trainer_load_average(t->params, t->recipe.folder, err);
    if (!status && t->recipe.pseudo_to_real && step <= t->recipe.pseudo_to_real)
        m6_stack_delink(t->params, &t->recipe.config);
    if (!status)
        status = merge(t->params, j->image, err);
    if (status)
        return status;
    snprintf(number, sizeof number, "%lld", (long long)step);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    const char *const metadata[] = {"format", "m6", "name", t->recipe.config.name, "step", number, NULL};
    status = m6_quant_write(t->params, M6_QUANT_I8, path, metadata, err);
    if (!status)
        status = write_config(t, folder, err);
    return status ? status : copy_tokenizer(t, folder, err);
}
