/* m6 models: which models are here, and what one of them is. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"

enum { MODELS_MAX = 256, CONFIG_MAX = 16 << 20 };

/* Bytes in the files of a folder, one level deep. */
static double folder_bytes(const char *path)
{
    double bytes = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct stat st;
        if (fstatat(dirfd(dir), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode))
            bytes += (double)st.st_size;
    }
    if (dir)
        closedir(dir);
    return bytes;
}

void cmd_config_string(const char *folder, const char *key, char *out, size_t size)
{
    char path[PATH_MAX];
    *out = '\0';
    snprintf(path, sizeof path, "%s/config.json", folder);
    FILE *in = fopen(path, "rbe");
    char *text = in ? malloc(CONFIG_MAX) : NULL;
    if (text) {
        const size_t n = fread(text, 1, CONFIG_MAX, in);
        cJSON *config = cJSON_ParseWithLength(text, n);
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(config, key);
        if (cJSON_IsString(value))
            snprintf(out, size, "%s", value->valuestring);
        cJSON_Delete(config);
    }
    free(text);
    if (in)
        fclose(in);
}

static int add_model(cJSON *list, const char *folder, const char *standard)
{
    char config[PATH_MAX], family[64], real[PATH_MAX];
    snprintf(config, sizeof config, "%s/config.json", folder);
    if (access(config, R_OK) || !realpath(folder, real))
        return 0;
    const cJSON *each;
    cJSON_ArrayForEach(each, list)
    {
        if (!strcmp(cJSON_GetObjectItem(each, "path")->valuestring, real))
            return 0;
    }
    cmd_config_string(folder, "model_type", family, sizeof family);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", strrchr(real, '/') + 1);
    cJSON_AddStringToObject(o, "family", family);
    cJSON_AddNumberToObject(o, "bytes", folder_bytes(folder));
    cJSON_AddStringToObject(o, "path", real);
    cJSON_AddBoolToObject(o, "default", !strcmp(real, standard));
    cJSON_AddItemToArray(list, o);
    return 1;
}

static void add_folder(cJSON *list, const char *base, const char *standard)
{
    struct dirent **names;
    const int n = scandir(base, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        if (names[i]->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", base, names[i]->d_name) < (int)sizeof path &&
            cJSON_GetArraySize(list) < MODELS_MAX)
            add_model(list, path, standard);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

static cJSON *find_models(struct cmd_context *ctx)
{
    char standard[PATH_MAX] = "", found[PATH_MAX], base[PATH_MAX];
    cJSON *list = cJSON_CreateArray();
    if (m6_find_model(ctx->model, found, sizeof found) == 0 && realpath(found, standard))
        add_model(list, standard, standard);
    for (int i = 0; i < M6_MODEL_FOLDERS; i++) {
        if (m6_find_models(i, base, sizeof base) == 0)
            add_folder(list, base, standard);
    }
    return list;
}

static int list_models(struct cmd_context *ctx)
{
    cJSON *list = find_models(ctx);
    if (ctx->json)
        return output_json(ctx, list, CMD_DONE);
    const cJSON *m;
    cJSON_ArrayForEach(m, list)
    {
        printf("%c %-16s %-8s %8.1f MiB  %s\n",
               cJSON_IsTrue(cJSON_GetObjectItem(m, "default")) ? '*' : ' ',
               cJSON_GetObjectItem(m, "name")->valuestring,
               cJSON_GetObjectItem(m, "family")->valuestring,
               cJSON_GetObjectItem(m, "bytes")->valuedouble / 1048576,
               cJSON_GetObjectItem(m, "path")->valuestring);
    }
    if (!cJSON_GetArraySize(list))
        cmd_warn(ctx, "no model is here; 'm6 doctor' says where they are looked for");
    cJSON_Delete(list);
    return CMD_DONE;
}

static void add_count(cJSON *o, const char *key, int64_t n)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)n);
    cJSON_AddItemToObject(o, key, cJSON_CreateRaw(digits));
}

static cJSON *info_json(const struct m6_model_info *i, const char *path)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", i->name);
    cJSON_AddStringToObject(o, "family", i->family);
    cJSON_AddStringToObject(o, "path", path);
    add_count(o, "parameters", i->parameters);
    add_count(o, "active_parameters", i->active_parameters);
    add_count(o, "experts", i->experts);
    add_count(o, "prototypes", i->prototypes);
    add_count(o, "weight_bytes", (int64_t)i->weight_bytes);
    cJSON_AddBoolToObject(o, "draws", i->draws);
    cJSON_AddBoolToObject(o, "rewrites", i->rewrites);
    add_count(o, "picture_width", i->picture_width);
    add_count(o, "picture_height", i->picture_height);
    add_count(o, "frames_max", i->frames_max);
    add_count(o, "text_max", i->text_max);
    cJSON_AddStringToObject(o, "backend", i->backend);
    cJSON_AddStringToObject(o, "isa", i->isa);
    cJSON_AddStringToObject(o, "compute", i->compute);
    return o;
}

static void print_info(const struct m6_model_info *i, const char *path)
{
    printf("%-12s %s (family %s)\n", "model", i->name, i->family);
    printf("%-12s %s\n", "folder", path);
    printf("%-12s %.2f million, %.2f million used by one text token\n", "parameters",
           (double)i->parameters / 1e6, (double)i->active_parameters / 1e6);
    if (i->experts)
        printf("%-12s %d in %d prototypes\n", "experts", i->experts, i->prototypes);
    printf("%-12s %.1f MiB of weights\n", "memory", (double)i->weight_bytes / 1048576);
    printf("%-12s %d × %d pixels, %s; up to %d in one request\n", "pictures", i->picture_width,
           i->picture_height, i->draws ? "seen and drawn" : "seen only", i->frames_max);
    printf("%-12s up to %d tokens\n", "text", i->text_max);
    printf("%-12s %s, %s, %s\n", "runs on", i->backend, i->isa, i->compute);
}

static void show_loading(void *arg, size_t done, size_t total)
{
    progress_show("loading the model", (double)done, (double)total);
}

static int show_info(struct cmd_context *ctx)
{
    struct session session = {0};
    struct m6_error err;
    if (ctx->args > 1)
        ctx->model = ctx->arg[1];
    int code = session_open(&session, ctx);
    if (!code && m6_host_load(session.host, show_loading, NULL, &err))
        code = cmd_fail(ctx, CMD_MODEL, "%s", err.text);
    progress_clear();
    if (!code) {
        struct m6_model_info info = {0};
        m6_engine_info(m6_host_engine(session.host), &info);
        if (ctx->json)
            code = output_json(ctx, info_json(&info, session.model), CMD_DONE);
        else
            print_info(&info, session.model);
    }
    session_close(&session);
    return code;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    if (!cmd_parse(ctx, NULL, argc, argv))
        return ctx->exit;
    if (!strcmp(ctx->arg[0], "list") && ctx->args == 1)
        return list_models(ctx);
    if (!strcmp(ctx->arg[0], "info"))
        return show_info(ctx);
    return cmd_fail(ctx, CMD_USAGE, "'%.64s' is not understood here; usage: m6 models %s",
                    ctx->arg[ctx->args - 1], ctx->command->arguments);
}

const struct cmd_command cmd_models = {
    .name = "models",
    .words = "list|info",
    .arguments = "list | info [NAME|DIR]",
    .summary = "list the models here, or describe one",
    .details = "Models are folders with config.json, tokenizer.json and *.safetensors. They are "
               "looked for in "
               "$XDG_DATA_HOME/m6/models and beside the program; M6_MODEL or --model names one. "
               "'*' marks the one in use.",
    .examples = "m6 models list\nm6 models info m6-mini --json",
    .args_min = 1,
    .args_max = 2,
    .run = run,
};
