#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prompt_file.h"
#include "token.h"

static const char name[] = "frei0r m6gen";

void settings_given_finish(struct settings_given *g)
{
    free(g->opacity);
    *g = (struct settings_given){0};
}

/* Of a string that has been parsed. */
static enum m6_status look(void *given, const char *key, const char *value, struct m6_error *err)
{
    struct settings_given *g = given;
    g->x |= !strcmp(key, "x");
    g->y |= !strcmp(key, "y");
    if (!strcmp(key, "opacity")) {
        free(g->opacity);
        g->opacity = *value ? strdup(value) : NULL;
        if (*value && !g->opacity)
            return m6_fail(err, M6_ERR_MEMORY, "no memory for the options");
    }
    return M6_OK;
}

/* Numbers as digits, whatever the program's locale: an expression has a point, and no exponent. */
static void put_share(char *to, size_t size, double value)
{
    const long long parts = (long long)(value * 1e12 + 0.5);
    snprintf(to, size, "%lld.%012lld", parts / 1000000000000, parts % 1000000000000);
}

static enum m6_status check_prompt(const struct settings *s, struct m6_error *err)
{
    return m6_prompt_is_text(s->prompt) ? M6_OK : m6_fail(err, M6_ERR_FORMAT, "Prompt is no UTF-8 text");
}

enum m6_status settings_update(struct m6_gen *gen, const struct settings_given *given, const struct settings *s, struct m6_error *err)
{
    char digits[32], place[64], *opacity = NULL;
    enum m6_status status = check_prompt(s, err);
    if (!status && *s->prompt)
        status = m6_gen_set(gen, "prompt", s->prompt, err);
    put_share(digits, sizeof digits, s->opacity);
    if (!status && given->opacity && asprintf(&opacity, "(%s)*%s", given->opacity, digits) < 0) {
        opacity = NULL;
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for the opacity");
    }
    if (!status)
        status = m6_gen_set(gen, "opacity", opacity ? opacity : digits, err);
    free(opacity);
    if (!status && !given->x && given->overlay) {
        put_share(digits, sizeof digits, s->x);
        snprintf(place, sizeof place, "(W-w)*%s", digits);
        status = m6_gen_set(gen, "x", place, err);
    }
    if (!status && !given->y && given->overlay) {
        put_share(digits, sizeof digits, s->y);
        snprintf(place, sizeof place, "(H-h)*%s", digits);
        status = m6_gen_set(gen, "y", place, err);
    }
    if (!status)
        m6_gen_set_live(gen, !s->wait);
    return status;
}

enum m6_status settings_create(struct m6_gen **gen, struct settings_given *given, const struct settings *s, struct m6_error *err)
{
    struct m6_gen_options o;
    struct m6_gen_params params = {.options = &o, .name = name, .live = !s->wait};
    *gen = NULL;
    *given = (struct settings_given){0};
    m6_gen_options_init(&o);
    o.on_error = M6_GEN_SLATE;
    enum m6_status status = m6_gen_options_parse(&o, s->options, err);
    if (!status)
        status = m6_token_options(s->options, "prompt", look, given, err);
    given->overlay = o.mode == M6_GEN_OVERLAY;
    o.on_error = o.on_error == M6_GEN_FAIL ? M6_GEN_SLATE : o.on_error;
    if (!status)
        status = m6_gen_create(gen, &params, err);
    m6_gen_options_finish(&o);
    if (!status)
        status = settings_update(*gen, given, s, err);
    if (status) {
        m6_gen_destroy(*gen);
        *gen = NULL;
        settings_given_finish(given);
    }
    return status;
}
