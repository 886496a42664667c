#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/stills.h"
#include "core/utf8.h"
#include "detach.h"
#include "outfile.h"
#include "progress.h"

static void new_line(FILE *out, int depth)
{
    fprintf(out, "\n%*s", 2 * depth, "");
}

/* Two blanks a level, and {} or [] where there is nothing inside. */
static void print_indented(FILE *out, const char *json)
{
    int depth = 0, in_string = 0;
    for (const char *p = json; *p; p++) {
        if (in_string || *p == '"') {
            in_string ^= *p == '"';
            fputc(*p, out);
            if (*p == '\\')
                fputc(*++p, out);
            continue;
        }
        const int closes = *p == '}' || *p == ']', opens = *p == '{' || *p == '[';
        const int empty =
            (opens && (p[1] == '}' || p[1] == ']')) || (closes && (p[-1] == '{' || p[-1] == '['));
        depth -= closes;
        if (closes && !empty)
            new_line(out, depth);
        fputc(*p, out);
        depth += opens;
        if (*p == ':')
            fputc(' ', out);
        else if ((opens && !empty) || *p == ',')
            new_line(out, depth);
    }
    fputc('\n', out);
}

char *output_json_text(cJSON *value)
{
    char *json = cJSON_PrintUnformatted(value), *text = NULL;
    size_t size;
    FILE *out = json ? open_memstream(&text, &size) : NULL;
    cJSON_Delete(value);
    if (out) {
        m6_utf8_mend(json);
        print_indented(out, json);
        fclose(out);
    }
    cJSON_free(json);
    return text;
}

int output_json(struct cmd_context *ctx, cJSON *value, int code)
{
    char *text = output_json_text(value);
    if (!text)
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    fputs(text, stdout);
    free(text);
    return code;
}

const char *output_model_name(const struct session *s)
{
    static char name[256];
    cmd_config_string(s->model, "name", name, sizeof name);
    if (*name)
        return name;
    size_t n = strlen(s->model);
    while (n > 1 && s->model[n - 1] == '/')
        n--;
    size_t start = n;
    while (start > 0 && s->model[start - 1] != '/')
        start--;
    snprintf(name, sizeof name, "%.*s", (int)(n - start), s->model + start);
    return name;
}

void output_add_origin(cJSON *o, const struct session *s)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)s->ctx->seed);
    cJSON_AddItemToObject(o, "seed", cJSON_CreateRaw(digits));
    cJSON_AddStringToObject(o, "model", output_model_name(s));
    if (cJSON_GetArraySize(s->warnings))
        cJSON_AddItemToObject(o, "warnings", cJSON_Duplicate(s->warnings, 1));
}

int output_check_type(struct cmd_context *ctx, const char *path, const char *types)
{
    const char *extension = outfile_extension(path);
    const size_t n = strlen(extension);
    const int code = ctx->detach ? detach_output(ctx, path, 1) : 0;
    if (code || outfile_is_device(path))
        return code;
    for (const char *p = types;; p++) {
        const size_t k = strcspn(p, "|");
        if (k == n && n && strncasecmp(p, extension, n) == 0)
            return 0;
        p += k;
        if (!*p)
            break;
    }
    char list[128];
    size_t at = 0;
    for (const char *p = types; *p; p++)
        at += (size_t)snprintf(list + at, sizeof list - at, *p == '|' ? ", ." : "%c", *p);
    return cmd_fail(ctx, CMD_USAGE, "-o %s: the name must end in .%s", path, list);
}

int output_check_regular(struct cmd_context *ctx, const char *path, const char *types)
{
    if (outfile_is_device(path))
        return cmd_fail(ctx, CMD_USAGE, "-o %s is a device or a pipe; give the name of a file",
                        path);
    return output_check_type(ctx, path, types);
}

int output_check(struct cmd_context *ctx, const char *path)
{
    struct m6_error err;
    if (outfile_check(path, ctx->overwrite, &err))
        return cmd_fail(ctx, CMD_FAILED, "%s", err.text);
    return ctx->detach ? detach_output(ctx, path, 0) : 0;
}

int output_put(struct cmd_context *ctx, const char *path, const void *data, size_t size)
{
    struct m6_error err;
    return outfile_put(path, ctx->overwrite, data, size, &err)
               ? cmd_fail(ctx, CMD_FAILED, "%s", err.text)
               : 0;
}

int output_put_picture(struct cmd_context *ctx, const char *path, const struct session_picture *p)
{
    struct outfile out;
    struct m6_error err;
    enum m6_status status = outfile_begin(&out, path, ctx->overwrite, &err);
    if (!status)
        status =
            m6_still_write_png(out.temp, &p->picture, (const char *const *)p->metadata, &err);
    if (!status)
        status = outfile_commit(&out, &err);
    else
        outfile_name_in(&out, &err);
    outfile_finish(&out);
    return status ? cmd_fail(ctx, CMD_FAILED, "%s", err.text) : 0;
}

void output_note_seed(struct cmd_context *ctx)
{
    if (ctx->seed_option.given || ctx->quiet || ctx->json)
        return;
    progress_clear();
    fprintf(stderr, "m6 %s: seed %llu\n", ctx->command->name, (unsigned long long)ctx->seed);
}
