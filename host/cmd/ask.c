/* m6 ask: a question about a picture or a video, answered. */
#include <stdio.h>
#include <string.h>

#include "detach.h"
#include "jobs.h"
#include "output.h"

static int run(struct cmd_context *ctx, int argc, char **argv)
{
    struct session session = {0};
    struct session_result result = {0};
    if (!cmd_parse(ctx, NULL, argc, argv))
        return ctx->exit;
    int code = cmd_check_text(ctx, "the question", ctx->arg[1]);
    if (!code)
        code = session_open(&session, ctx);
    if (!code)
        code = jobs_ask(&session, ctx->arg[0], ctx->arg[1], &result);
    if (!code && ctx->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "question", ctx->arg[1]);
        cJSON_AddStringToObject(o, "answer", result.text);
        output_add_origin(o, &session);
        code = output_json(ctx, o, CMD_DONE);
    } else if (!code) {
        puts(result.text);
    }
    session_result_free(&result);
    session_close(&session);
    return code;
}

const struct cmd_command cmd_ask = {
    .name = "ask",
    .arguments = "VIDEO|IMAGE \"QUESTION\" [options]",
    .summary = "answer a question about a picture or a video",
    .details = "A video is looked at through a few frames spread over it.",
    .examples = "m6 ask frame.png \"What colour is the dog?\"\n"
                "m6 ask clip.mp4 \"Which way does the car move?\"",
    .args_min = 2,
    .args_max = 2,
    .run = run,
    .queue = &(const struct detach_shape){.inputs = 1, .own_seed = 1},
};
