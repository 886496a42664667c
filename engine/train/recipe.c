#include "train/recipe.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"

enum type { INTEGER, INTEGER64, REAL, SECONDS, TEXT, WORK_PATH, RECIPE_PATH };

struct field {
    const char *section; /* NULL: top level */
    const char *name;
    enum type type;
    size_t offset;
    double low, high; /* numbers: bounds; texts: room */
};

#define AT(member) offsetof(struct m6_recipe, member)
static const struct field fields[] = {
    {NULL, "folder", WORK_PATH, AT(folder), 0, M6_PATH_BYTES},
    {NULL, "init_from", WORK_PATH, AT(init_from), 0, M6_PATH_BYTES},
    {NULL, "tokenizer", WORK_PATH, AT(tokenizer), 0, M6_PATH_BYTES},
    {NULL, "image_tokenizer", WORK_PATH, AT(image_tokenizer), 0, M6_PATH_BYTES},
    {NULL, "steps", INTEGER64, AT(steps), 1, 1e12},
    {NULL, "seed", INTEGER64, AT(seed), 0, 9e15},
    {NULL, "threads", INTEGER, AT(threads), 0, 1024},
    {NULL, "checkpoint_seconds", SECONDS, AT(checkpoint_seconds), 1, 1e6},
    {NULL, "average", REAL, AT(average), 0, 0.999999},
    {NULL, "pseudo_to_real", INTEGER64, AT(pseudo_to_real), 0, 1e12},
    {NULL, "vocab", INTEGER, AT(vocab), 300, 1 << 20},
    {"data", "source", TEXT, AT(source), 0, 64},
    {"data", "manifest", RECIPE_PATH, AT(manifest), 0, M6_PATH_BYTES},
    {"batch", "pictures", INTEGER, AT(pictures), 0, 4096},
    {"batch", "drawings", INTEGER, AT(drawings), 0, 4096},
    {"batch", "clips", INTEGER, AT(clips), 0, 4096},
    {"batch", "scripts", INTEGER, AT(scripts), 0, 4096},
    {"batch", "texts", INTEGER, AT(texts), 0, 1 << 20},
    {"optimizer", "lr", REAL, AT(optim.lr), 0, 10},
    {"optimizer", "beta1", REAL, AT(optim.beta1), 0, 0.99999},
    {"optimizer", "beta2", REAL, AT(optim.beta2), 0, 0.9999999},
    {"optimizer", "eps", REAL, AT(optim.eps), 0, 1},
    {"optimizer", "weight_decay", REAL, AT(optim.weight_decay), 0, 10},
    {"optimizer", "clip", REAL, AT(optim.clip), 0, 1e6},
    {"optimizer", "warmup", INTEGER64, AT(warmup), 0, 1e12},
    {"optimizer", "floor", REAL, AT(lr_floor), 0, 1},
    {"eval", "every", INTEGER64, AT(eval_every), 1, 1e12},
    {"eval", "batches", INTEGER, AT(eval_batches), 1, 4096},
    {"eval", "drawings", INTEGER, AT(eval_drawings), 0, 256},
    {"eval", "judge", WORK_PATH, AT(judge), 0, M6_PATH_BYTES},
    {"objectives", "caption", REAL, AT(objective.caption), 0, 1e3},
    {"objectives", "question", REAL, AT(objective.question), 0, 1e3},
    {"objectives", "match", REAL, AT(objective.match), 0, 1e3},
    {"objectives", "draw_causal", REAL, AT(objective.draw_causal), 0, 1e3},
    {"objectives", "draw_masked", REAL, AT(objective.draw_masked), 0, 1e3},
    {"objectives", "script", REAL, AT(objective.script), 0, 1e3},
    {"objectives", "denoise", REAL, AT(objective.denoise), 0, 1e3},
    {"objectives", "rewrite", REAL, AT(objective.rewrite), 0, 1e3},
    {"objectives", "subject", REAL, AT(objective.subject), 0, 1e3},
    {"objectives", "smoothing", REAL, AT(objective.smoothing), 0, 0.9},
    {"loss", "subject", REAL, AT(subject_weight), 0, 1e3},
    {"loss", "absolute", REAL, AT(absolute), 0, 1e3},
};
static const char *const kinds[] = {"image_tokenizer", "judge", "bpe", "m6"};
static const char *const sections[] = {"data", "batch", "optimizer", "eval", "objectives", "loss"};

const char *m6_recipe_kind_name(enum m6_recipe_kind k)
{
    return kinds[k];
}

/* The caller has seen that both fit. */
static void join(char *out, const char *folder, const char *path)
{
    const size_t front = path[0] == '/' ? 0 : strlen(folder), length = strlen(path);
    memcpy(out, folder, front);
    if (front)
        out[front] = '/';
    memcpy(out + front + (front > 0), path, length + 1);
}

struct reader {
    struct m6_recipe *r;
    const char *work;
    char here[M6_PATH_BYTES]; /* the recipe's folder */
    struct m6_error *err;
};

static enum m6_status store(struct reader *rd, const struct field *f, const cJSON *v)
{
    char *at = (char *)rd->r + f->offset;
    const char *dot = f->section ? "." : "", *section = f->section ? f->section : "";
    if (f->type >= TEXT) {
        const size_t front = f->type == TEXT ? 0 : strlen(f->type == WORK_PATH ? rd->work : rd->here) + 1;
        if (!cJSON_IsString(v) || !v->valuestring[0] || front + strlen(v->valuestring) >= f->high)
            return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"%s%s%s\" must be a text of reasonable length", rd->r->path,
                           section, dot, f->name);
        if (f->type == TEXT)
            strcpy(at, v->valuestring);
        else
            join(at, f->type == WORK_PATH ? rd->work : rd->here, v->valuestring);
        return M6_OK;
    }
    const int whole = f->type == INTEGER || f->type == INTEGER64;
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= f->low && v->valuedouble <= f->high) ||
        (whole && v->valuedouble != floor(v->valuedouble)))
        return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"%s%s%s\" must be a%s number from %g to %g", rd->r->path, section,
                       dot, f->name, whole ? " whole" : "", f->low, f->high);
    if (f->type == INTEGER)
        *(int *)at = (int)v->valuedouble;
    else if (f->type == INTEGER64)
        *(int64_t *)at = (int64_t)v->valuedouble;
    else if (f->type == REAL)
        *(float *)at = (float)v->valuedouble;
    else
        *(double *)at = v->valuedouble;
    return M6_OK;
}

static enum m6_status choice(struct reader *rd, const cJSON *v, const char *name, const char *const *option, int count,
                             int *out)
{
    char all[256] = "";
    for (int i = 0; i < count; i++) {
        if (cJSON_IsString(v) && !strcmp(v->valuestring, option[i])) {
            *out = i;
            return M6_OK;
        }
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s\"%s\"", i ? ", " : "", option[i]);
    }
    return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"%s\" must be one of %s", rd->r->path, name, all);
}

static enum m6_status read_freeze(struct reader *rd, const cJSON *list)
{
    const cJSON *v;
    if (!cJSON_IsArray(list))
        return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"freeze\" must be a list of weight names", rd->r->path);
    cJSON_ArrayForEach(v, list)
    {
        if (!cJSON_IsString(v) || rd->r->freezes == M6_FREEZE_MAX || strlen(v->valuestring) >= sizeof rd->r->freeze[0])
            return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"freeze\" must be a list of at most %d weight names",
                           rd->r->path, M6_FREEZE_MAX);
        strcpy(rd->r->freeze[rd->r->freezes++], v->valuestring);
    }
    return M6_OK;
}

static enum m6_status read_channels(struct reader *rd, const cJSON *list)
{
    int good = cJSON_GetArraySize(list) == 3;
    for (int i = 0; i < 3 && good; i++) {
        const cJSON *v = cJSON_GetArrayItem(list, i);
        good = cJSON_IsNumber(v) && v->valueint >= 8 && v->valueint <= 4096;
        if (good)
            rd->r->judge_channels[i] = v->valueint;
    }
    return good ? M6_OK
                : m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"judge_channels\" must be three widths from 8 to 4096",
                          rd->r->path);
}

static enum m6_status read_config(struct reader *rd, const cJSON *v)
{
    char path[M6_PATH_BYTES], *text;
    if (!cJSON_IsString(v) || strlen(v->valuestring) + strlen(rd->here) + 2 > sizeof path)
        return m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"config\" must be a path", rd->r->path);
    join(path, rd->here, v->valuestring);
    enum m6_status status = m6_file_read(path, &text, NULL, rd->err);
    if (!status)
        status = m6_config_parse(&rd->r->config, text, path, rd->err);
    free(text);
    return status;
}

/* Fields that the table cannot say. Returns 1 if it knew the name. */
static int read_special(struct reader *rd, const char *section, const cJSON *v, enum m6_status *status)
{
    struct m6_recipe *r = rd->r;
    int i = 0;
    if (section && !strcmp(section, "optimizer") && !strcmp(v->string, "kind")) {
        static const char *const names[] = {"adamw", "adafactor"};
        if (!(*status = choice(rd, v, "optimizer.kind", names, 2, &i)))
            r->optim.kind = i ? M6_ADAFACTOR : M6_ADAMW;
    } else if (section && !strcmp(section, "optimizer") && !strcmp(v->string, "schedule")) {
        static const char *const names[] = {"constant", "linear", "cosine"};
        if (!(*status = choice(rd, v, "optimizer.schedule", names, 3, &i)))
            r->schedule = (enum m6_schedule_shape)i;
    } else if (section) {
        return 0;
    } else if (!strcmp(v->string, "kind")) {
        if (!(*status = choice(rd, v, "kind", kinds, M6_RECIPE_KINDS, &i)))
            r->kind = (enum m6_recipe_kind)i;
    } else if (!strcmp(v->string, "precision")) {
        static const char *const names[] = {"f32", "bf16"};
        if (!(*status = choice(rd, v, "precision", names, 2, &i)))
            r->precision = i ? M6_TAPE_BF16 : M6_TAPE_F32;
    } else if (!strcmp(v->string, "freeze")) {
        *status = read_freeze(rd, v);
    } else if (!strcmp(v->string, "judge_channels")) {
        *status = read_channels(rd, v);
    } else if (!strcmp(v->string, "config")) {
        *status = read_config(rd, v);
    } else if (strcmp(v->string, "comment") != 0) {
        return 0;
    }
    return 1;
}

static enum m6_status read_object(struct reader *rd, const char *section, const cJSON *object)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, object)
    {
        enum m6_status status = M6_OK;
        int known = 0;
        for (size_t i = 0; !section && i < sizeof sections / sizeof *sections && !known; i++)
            if (!strcmp(v->string, sections[i])) {
                known = 1;
                status = cJSON_IsObject(v) ? read_object(rd, sections[i], v)
                                           : m6_fail(rd->err, M6_ERR_FORMAT, "%s: \"%s\" must be an object",
                                                     rd->r->path, v->string);
            }
        for (size_t i = 0; i < sizeof fields / sizeof *fields && !known; i++)
            if ((section == fields[i].section || (section && fields[i].section && !strcmp(section, fields[i].section))) &&
                !strcmp(v->string, fields[i].name)) {
                known = 1;
                status = store(rd, &fields[i], v);
            }
        if (!known)
            known = read_special(rd, section, v, &status);
        if (!known)
            return m6_fail(rd->err, M6_ERR_FORMAT, "%s: unknown field \"%s%s%s\"", rd->r->path, section ? section : "",
                           section ? "." : "", v->string);
        if (status)
            return status;
    }
    return M6_OK;
}

static enum m6_status check(const struct m6_recipe *r, const cJSON *root, struct m6_error *err)
{
    const char *missing = NULL;
    if (!cJSON_HasObjectItem(root, "kind"))
        missing = "kind";
    else if (!r->folder[0])
        missing = "folder";
    else if (!r->source[0] == !r->manifest[0])
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"data\" must name a \"source\" or a \"manifest\", one of them",
                       r->path);
    else if (r->kind != M6_RECIPE_BPE && !r->steps)
        missing = "steps";
    else if (r->kind != M6_RECIPE_BPE && !r->config.d_model)
        missing = "config";
    else if (r->kind == M6_RECIPE_M6 && !r->tokenizer[0])
        missing = "tokenizer";
    else if (r->kind == M6_RECIPE_M6 && !r->image_tokenizer[0])
        missing = "image_tokenizer";
    else if (r->kind == M6_RECIPE_BPE && !r->texts)
        missing = "batch.texts";
    else if ((r->kind == M6_RECIPE_IMAGE || r->kind == M6_RECIPE_JUDGE) && !r->pictures)
        missing = "batch.pictures";
    else if (r->kind == M6_RECIPE_M6 && !(m6_recipe_stills(r) + r->clips + r->scripts))
        missing = "batch.pictures";
    if (missing)
        return m6_fail(err, M6_ERR_FORMAT, "%s: the field \"%s\" is missing", r->path, missing);
    return M6_OK;
}

enum m6_status m6_recipe_read(struct m6_recipe *r, const char *path, const char *work, struct m6_error *err)
{
    memset(r, 0, sizeof *r);
    if (strlen(path) >= sizeof r->path)
        return m6_fail(err, M6_ERR_ARGUMENT, "the recipe's path is too long");
    strcpy(r->path, path);
    r->optim = (struct m6_optim){M6_ADAMW, 1e-3f, 0.9f, 0.95f, 1e-8f, 0.05f, 1.0f};
    r->schedule = M6_SCHEDULE_COSINE;
    r->lr_floor = 0.05f;
    r->warmup = 200;
    r->average = 0.999f;
    r->eval_every = 500;
    r->eval_batches = 4;
    r->checkpoint_seconds = 300;
    r->seed = 1;
    r->subject_weight = 3;
    r->absolute = 0.2f;
    r->vocab = 2048;
    r->judge_channels[0] = 32, r->judge_channels[1] = 64, r->judge_channels[2] = 128;
    r->objective = (struct m6_objectives){1, 1, 1, 1, 1, 1, 0.5f, 0.5f, 2, 0};

    struct reader rd = {r, work, "", err};
    const char *slash = strrchr(path, '/');
    snprintf(rd.here, sizeof rd.here, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    char *text;
    size_t size;
    cJSON *root = NULL;
    enum m6_status status = m6_file_read(path, &text, &size, err);
    if (!status)
        status = m6_json_parse(&root, text, size, path, err);
    if (!status && !cJSON_IsObject(root))
        status = m6_fail(err, M6_ERR_FORMAT, "%s is not a JSON object", path);
    if (!status)
        status = read_object(&rd, NULL, root);
    if (!status)
        status = check(r, root, err);
    cJSON_Delete(root);
    free(text);
    return status;
}

int m6_recipe_freezes(const struct m6_recipe *r, const char *name)
{
    for (int i = 0; i < r->freezes; i++) {
        const size_t n = strlen(r->freeze[i]);
        if (n && r->freeze[i][n - 1] == '*' ? !strncmp(name, r->freeze[i], n - 1) : !strcmp(name, r->freeze[i]))
            return 1;
    }
    return 0;
}

float m6_recipe_lr(const struct m6_recipe *r, int64_t step)
{
    const struct m6_schedule s = {r->schedule, r->optim.lr, r->optim.lr * r->lr_floor, r->warmup, r->steps};
    return m6_schedule_rate(&s, step);
}

enum m6_status m6_file_read(const char *path, char **text, size_t *size, struct m6_error *err)
{
    struct m6_file file;
    *text = NULL;
    const enum m6_status status = m6_file_map(&file, path, err);
    if (status)
        return status;
    if ((*text = malloc(file.size + 1))) {
        memcpy(*text, file.data, file.size);
        (*text)[file.size] = '\0';
    }
    if (size)
        *size = file.size;
    m6_file_unmap(&file);
    return *text ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory to read %s", path);
}
