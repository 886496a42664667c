/* m6 doctor: what is here, what is missing, and what to do about it. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "output.h"

static const char *const states[] = {"ok", "note", "missing"};

void doctor_add(struct doctor *d, enum finding finding, const char *part, const char *remedy,
                const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d->bad += finding == FINDING_BAD;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "part", part);
    cJSON_AddStringToObject(o, "state", states[finding]);
    cJSON_AddStringToObject(o, "text", text);
    if (remedy)
        cJSON_AddStringToObject(o, "remedy", remedy);
    cJSON_AddItemToArray(d->list, o);
    if (d->ctx->json)
        return;
    static const char *const marks[] = {"ok", "note", "MISSING"};
    printf("%-8s%-11s", marks[finding], part);
    options_print_wrapped(stdout, text, 19, 19);
    if (remedy) {
        printf("%19s", "");
        options_print_wrapped(stdout, remedy, 21, 19);
    }
    fflush(stdout);
}

static int report(struct doctor *d)
{
    const int code = d->bad ? CMD_MODEL : CMD_DONE;
    if (d->ctx->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "version", M6_VERSION);
        cJSON_AddBoolToObject(o, "ok", !d->bad);
        cJSON_AddItemToObject(o, "findings", d->list);
        return output_json(d->ctx, o, code);
    }
    cJSON_Delete(d->list);
    if (d->bad)
        printf("\n%d thing%s missing.\n", d->bad, d->bad == 1 ? " is" : "s are");
    else
        puts("\nAll that m6 needs is here.");
    return code;
}

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct doctor d = {.ctx = ctx};
    if (!cmd_parse(ctx, NULL, argc, argv))
        return ctx->exit;
    d.list = cJSON_CreateArray();
    doctor_machine(&d);
    doctor_model(&d);
    doctor_plugins(&d);
    doctor_media(&d);
    m6_host_destroy(d.host);
    return report(&d);
}

const struct cmd_command cmd_doctor = {
    .name = "doctor",
    .arguments = "[options]",
    .summary = "show what is installed and what is missing",
    .details = "Looks at the processor, memory, model, plugins, video support and fonts. Exit "
               "status 0 if all that m6 needs is "
               "here, else 4.",
    .run = run,
};
