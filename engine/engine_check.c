#include "engine_check.h"

#include <math.h>
#include <string.h>

#include "image/resize.h"
#include "text/utf8.h"

void m6_request_params_init(struct m6_request_params *params, enum m6_task task)
{
    const int draws = task == M6_TASK_DRAW;
    *params = (struct m6_request_params){
        .size = sizeof *params,
        .task = task,
        .priority = M6_INTERACTIVE,
        .temperature = draws ? 1 : 0,
        .guidance = draws ? 2.5f : 0,
    };
}

/* A text that may be missing. */
static enum m6_status check_text(const char *text, const char *what, struct m6_error *err)
{
    if (!text)
        return M6_OK;
    const size_t size = strnlen(text, M6_TEXT_BYTES_MAX + 1), valid = m6_utf8_valid(text, size);
    if (size > M6_TEXT_BYTES_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%s has %zu bytes; the limit is %d", what, strlen(text), M6_TEXT_BYTES_MAX);
    if (valid != size)
        return m6_fail(err, M6_ERR_FORMAT, "%s is not UTF-8 at byte %zu", what, valid);
    return M6_OK;
}

static enum m6_status check_texts(const struct m6_request_params *p, struct m6_error *err)
{
    static const char *const what[] = {"the caption", "the question", "the caption", "the prompt", "the idea",
                                       "the prompt"};
    const char *text = p->text ? p->text : "";
    const int empty = text[strspn(text, " \t\r\n")] == '\0';
    if (p->task == M6_TASK_CAPTION && !empty)
        return m6_fail(err, M6_ERR_ARGUMENT, "a caption takes no text; ask a question instead");
    if (p->task != M6_TASK_CAPTION && empty)
        return m6_fail(err, M6_ERR_ARGUMENT, "%s is empty", what[p->task]);
    if (p->lang && strcmp(p->lang, "en") != 0 && strcmp(p->lang, "zh") != 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "the language is \"%.20s\"; it can be \"en\" or \"zh\"", p->lang);
    enum m6_status status = check_text(p->text, what[p->task], err);
    if (!status)
        status = check_text(p->prefix, "the answer's prefix", err);
    return status ? status : check_text(p->stop, "the stop string", err);
}

/* What a task has no use for is refused, not ignored. */
static enum m6_status check_use(const struct m6_request_params *p, struct m6_error *err)
{
    static const char *const task[] = {"a caption", "an answer", "a match", "a drawing", "a script", "a caption"};
    const int speaks = p->task != M6_TASK_MATCH && p->task != M6_TASK_DRAW;
    if (!speaks && (p->prefix || p->stop))
        return m6_fail(err, M6_ERR_ARGUMENT, "%s takes no %s", task[p->task], p->prefix ? "prefix" : "stop string");
    if (p->task != M6_TASK_DRAW && (p->image || p->keep_count))
        return m6_fail(err, M6_ERR_ARGUMENT, "%s keeps no part of a picture; drawing does", task[p->task]);
    return M6_OK;
}

static enum m6_status check_pictures(const struct m6_request_params *p, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    if (p->picture_count < 0 || (p->picture_count && !p->pictures))
        return m6_fail(err, M6_ERR_ARGUMENT, "%d pictures are announced and none is given", p->picture_count);
    for (int i = 0; i < p->picture_count && i < 4096 && !status; i++)
        status = m6_picture_check(&p->pictures[i], "a picture", err);
    if (p->image && !status)
        status = m6_picture_check(p->image, "the picture to keep parts of", err);
    return status;
}

static enum m6_status check_keep(const struct m6_request_params *p, struct m6_error *err)
{
    if (p->keep_count < 0 || p->keep_count > M6_KEEP_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "%d parts are to be kept; the limit is %d", p->keep_count, M6_KEEP_MAX);
    if (p->keep_count && (!p->keep || !p->image))
        return m6_fail(err, M6_ERR_ARGUMENT, "%d parts are to be kept, but %s is missing", p->keep_count,
                       p->image ? "which" : "the picture");
    for (int i = 0; i < p->keep_count; i++)
        if (p->keep[i].w < 0 || p->keep[i].h < 0)
            return m6_fail(err, M6_ERR_ARGUMENT, "part %d that is to be kept is %d x %d pixels", i + 1, p->keep[i].w,
                           p->keep[i].h);
    return M6_OK;
}

static int between(float x, float least, float most)
{
    return x >= least && x <= most; /* false for a NaN */
}

static enum m6_status check_numbers(const struct m6_request_params *p, struct m6_error *err)
{
    if ((unsigned)p->task > M6_TASK_REWRITE || (unsigned)p->priority > M6_BATCH || (unsigned)p->mode > M6_DRAW_PROGRESSIVE)
        return m6_fail(err, M6_ERR_ARGUMENT, "task %d, priority %d or mode %d does not exist", (int)p->task,
                       (int)p->priority, (int)p->mode);
    if (!between(p->temperature, 0, 100))
        return m6_fail(err, M6_ERR_ARGUMENT, "the temperature is %g; it can be 0 to 100", (double)p->temperature);
    if (!between(p->top_p, 0, 1))
        return m6_fail(err, M6_ERR_ARGUMENT, "top_p is %g; it can be 0 to 1", (double)p->top_p);
    if (!between(p->guidance, 0, 100))
        return m6_fail(err, M6_ERR_ARGUMENT, "the guidance is %g; it can be 0 to 100", (double)p->guidance);
    if (p->top_k < 0 || p->max_tokens < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "top_k is %d and max_tokens is %d; neither can be negative", p->top_k,
                       p->max_tokens);
    if (p->steps < 0 || p->steps > M6_STEPS_MAX)
        return m6_fail(err, M6_ERR_ARGUMENT, "%d steps were asked for; it can be 0 (the default) to %d", p->steps,
                       M6_STEPS_MAX);
    return M6_OK;
}

enum m6_status m6_request_check(const struct m6_request_params *p, struct m6_error *err)
{
    enum m6_status status = check_numbers(p, err);
    if (!status)
        status = check_texts(p, err);
    if (!status)
        status = check_use(p, err);
    if (!status)
        status = check_pictures(p, err);
    return status ? status : check_keep(p, err);
}
