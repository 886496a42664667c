#include "caption_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schedule.h"
#include "token.h"

void caption_options_finish(struct caption_options *o)
{
    free(o->language);
    free(o->model);
    free(o->host);
    free(o->destination);
    free(o->track);
    memset(o, 0, sizeof *o);
}

static enum m6_status set_text(char **to, const char *value, struct m6_error *err)
{
    char *copy = strdup(value);
    if (!copy)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the options");
    free(*to);
    *to = copy;
    return M6_OK;
}

static enum m6_status set_seed(int64_t *to, const char *value, struct m6_error *err)
{
    char *end;
    errno = 0;
    const long long seed = strtoll(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end || errno)
        return m6_fail(err, M6_ERR_ARGUMENT, "seed=%.40s is no whole number from 0 to 9223372036854775807", value);
    *to = seed;
    return M6_OK;
}

static const char *const formats[CAPTION_FORMATS] = {"srt", "vtt", "json"};

static enum m6_status set_format(enum caption_format *to, const char *value, struct m6_error *err)
{
    for (int i = 0; i < CAPTION_FORMATS; i++) {
        if (!strcasecmp(formats[i], value)) {
            *to = (enum caption_format)i;
            return M6_OK;
        }
    }
    return m6_fail(err, M6_ERR_ARGUMENT, "format=%.40s is none of srt, vtt, json", value);
}

static enum m6_status set(void *options, const char *name, const char *value, struct m6_error *err)
{
    struct caption_options *o = options;
    if (!strcmp(name, "every")) {
        int64_t every;
        const enum m6_status status = m6_time_parse(&every, name, value, err);
        if (!status && every < 1000000)
            return m6_fail(err, M6_ERR_ARGUMENT, "every is less than a millisecond; give the seconds that a caption stays, such as every=2");
        o->every = status ? o->every : every;
        return status;
    }
    if (!strcmp(name, "timeout"))
        return m6_time_parse(&o->timeout, name, value, err);
    if (!strcmp(name, "seed"))
        return set_seed(&o->seed, value, err);
    if (!strcmp(name, "format"))
        return set_format(&o->format, value, err);
    if (!strcmp(name, "language"))
        return set_text(&o->language, *value ? value : "en", err);
    if (!strcmp(name, "model"))
        return set_text(&o->model, value, err);
    if (!strcmp(name, "host"))
        return set_text(&o->host, value, err);
    if (!strcmp(name, "destination"))
        return set_text(&o->destination, value, err);
    if (!strcmp(name, "track"))
        return set_text(&o->track, value, err);
    if (!strcmp(name, "on_error") && (!strcmp(value, "pass") || !strcmp(value, "slate"))) {
        o->passes = value[0] == 'p';
        return M6_OK;
    }
    if (!strcmp(name, "on_error"))
        return m6_fail(err, M6_ERR_ARGUMENT, "on_error=%.40s is none of pass, slate", value);
    return m6_fail(err, M6_ERR_ARGUMENT, "there is no option '%.40s'; there are every, language, seed, destination, format, track, host, model, timeout, on_error", name);
}

/* By the end of its name. */
static void settle_format(struct caption_options *o)
{
    const char *dot = o->destination ? strrchr(o->destination, '.') : NULL;
    struct m6_error unused;
    if (o->format == CAPTION_FORMATS && (!dot || set_format(&o->format, dot + 1, &unused)))
        o->format = dot && !strcasecmp(dot, ".jsonl") ? CAPTION_JSON : CAPTION_SRT;
}

enum m6_status caption_options_parse(struct caption_options *o, const char *text, struct m6_error *err)
{
    *o = (struct caption_options){.every = 2000000000, .timeout = (int64_t)60 * 1000000000, .format = CAPTION_FORMATS};
    enum m6_status status = set_text(&o->language, "en", err);
    if (!status)
        status = set_text(&o->track, "", err);
    if (!status)
        status = m6_token_options(text, NULL, set, o, err);
    if (status)
        caption_options_finish(o);
    else
        settle_format(o);
    return status;
}
