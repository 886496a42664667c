#include "preset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host.h"
#include "core/schema.h"

enum { PRESET_BYTES_MAX = 256 << 10 };

static cJSON *read_json(struct cmd_context *ctx, const char *path, int *code)
{
    FILE *in = fopen(path, "rbe");
    char *text = in ? malloc(PRESET_BYTES_MAX + 1) : NULL;
    const size_t n = text ? fread(text, 1, PRESET_BYTES_MAX + 1, in) : 0;
    cJSON *json = NULL;
    if (!text) {
        *code = cmd_fail(ctx, CMD_INPUT, "cannot read the preset %s: %s", path, strerror(errno));
    } else if (n > PRESET_BYTES_MAX) {
        *code = cmd_fail(ctx, CMD_INPUT, "the preset %s is larger than 256 KiB, which no preset is",
                         path);
    } else {
        const char *end = text;
        text[n] = '\0';
        json = cJSON_ParseWithOpts(text, &end, 1);
        if (!json)
            *code =
                cmd_fail(ctx, CMD_INPUT, "the preset %s is not JSON (byte %td); correct it there",
                         path, end - text);
    }
    free(text);
    if (in)
        fclose(in);
    return json;
}

static int check(struct cmd_context *ctx, const char *path, cJSON *preset)
{
    char schema_path[PATH_MAX];
    struct m6_error err;
    int code = 0;
    if (m6_find_preset("preset.schema", schema_path, sizeof schema_path))
        return cmd_fail(ctx, CMD_MODEL,
                        "preset.schema.json is not where the presets are; install m6 whole");
    cJSON *schema = read_json(ctx, schema_path, &code);
    if (!code && m6_schema_check(schema, &err))
        code = cmd_fail(ctx, CMD_MODEL, "%s: %s", schema_path, err.text);
    if (!code && m6_schema_apply(schema, preset, &err))
        code = cmd_fail(ctx, CMD_INPUT, "the preset %s: %s", path, err.text);
    cJSON_Delete(schema);
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(preset, "command");
    if (!code && strcmp(command->valuestring, ctx->command->name) != 0)
        code = cmd_fail(ctx, CMD_INPUT, "the preset %s is for 'm6 %s'", path, command->valuestring);
    return code;
}

/* "seconds_per_shot" in JSON is --seconds-per-shot. */
static int is_named(const char *key, const char *option)
{
    for (; *key && *option; key++, option++) {
        if ((*key == '_' ? '-' : *key) != *option)
            return 0;
    }
    return *key == *option;
}

static int set(struct cmd_context *ctx, const char *path, cJSON *value,
               const struct option_spec *specs, void *base)
{
    struct option_error err;
    char number[32] = "";
    if (cJSON_IsNumber(value))
        snprintf(number, sizeof number, "%.15g", value->valuedouble);
    for (const struct option_spec *s = specs; s->name; s++) {
        if (!is_named(value->string, s->name))
            continue;
        if (option_set(s, base, cJSON_IsString(value) ? value->valuestring : number, &err))
            return cmd_fail(ctx, CMD_INPUT, "the preset %s: %s", path, err.text);
        return 0;
    }
    return cmd_fail(ctx, CMD_INPUT, "the preset %s: this command has no option '%s'", path,
                    value->string);
}

int preset_apply(struct cmd_context *ctx, const char *name, const struct option_spec *specs,
                 void *base, cJSON **keep)
{
    char path[PATH_MAX];
    int code = 0;
    *keep = NULL;
    if (m6_find_preset(name, path, sizeof path))
        return cmd_fail(ctx, CMD_INPUT,
                        "there is no preset '%.128s'; 'm6 help %s' lists those that come with m6",
                        name, ctx->command->name);
    cJSON *preset = read_json(ctx, path, &code);
    if (code)
        return code;
    *keep = preset;
    code = check(ctx, path, preset);
    cJSON *value = cJSON_GetObjectItemCaseSensitive(preset, "options");
    for (value = value ? value->child : NULL; value && !code; value = value->next)
        code = set(ctx, path, value, specs, base);
    return code;
}
