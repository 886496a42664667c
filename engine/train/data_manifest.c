/* A user's own pictures and texts, listed in a file of JSON lines (data.h shows them). */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "text/utf8.h"
#include "train/data.h"
#include "train/data_random.h"
#include "train/recipe.h"

enum { HELDOUT_EVERY = 20, KINDS = 3 };
enum kind { STILL, CLIP, SCRIPT };

struct line {
    cJSON *json;
    int number; /* in the file, from 1 */
};

/* Lines of each kind and split. */
struct list {
    int *line;
    int count;
};

struct manifest {
    char folder[M6_PATH_BYTES];
    uint64_t seed;
    struct line *line;
    int lines, room;
    struct list list[KINDS][2];
};

static void destroy(void *self)
{
    struct manifest *m = self;
    for (int i = 0; i < m->lines; i++)
        cJSON_Delete(m->line[i].json);
    for (int k = 0; k < KINDS * 2; k++)
        free(m->list[k / 2][k % 2].line);
    free(m->line);
    free(m);
}

/* ---- checking ---- */

struct place {
    const char *path;
    int line;
    struct m6_error *err;
};

__attribute__((format(printf, 2, 3))) static enum m6_status bad(const struct place *p, const char *format, ...)
{
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return m6_fail(p->err, M6_ERR_FORMAT, "%s line %d: %s", p->path, p->line, text);
}

static enum m6_status check_text(const struct place *p, const char *name, const cJSON *v, size_t room)
{
    if (!cJSON_IsString(v) || !v->valuestring[0])
        return bad(p, "\"%s\" must be a text", name);
    const size_t size = strlen(v->valuestring), valid = m6_utf8_valid(v->valuestring, size);
    if (size >= room)
        return bad(p, "\"%s\" is longer than %zu bytes", name, room - 1);
    if (valid < size)
        return bad(p, "\"%s\" is not UTF-8 at its byte %zu", name, valid);
    return M6_OK;
}

static enum m6_status check_texts(const struct place *p, const cJSON *v)
{
    const cJSON *text;
    if (!cJSON_IsObject(v))
        return bad(p, "\"%s\" must be an object with \"en\" or \"zh\"", v->string);
    cJSON_ArrayForEach(text, v)
    {
        if (strcmp(text->string, "en") != 0 && strcmp(text->string, "zh") != 0)
            return bad(p, "\"%s\" has the language \"%s\"; en and zh are known", v->string, text->string);
        const enum m6_status status = check_text(p, v->string, text, M6_CAPTION_BYTES);
        if (status)
            return status;
    }
    return M6_OK;
}

static enum m6_status check_questions(const struct place *p, const cJSON *v)
{
    const cJSON *q;
    if (!cJSON_IsArray(v))
        return bad(p, "\"questions\" must be a list");
    cJSON_ArrayForEach(q, v)
    {
        enum m6_status status = check_text(p, "q", cJSON_GetObjectItemCaseSensitive(q, "q"), M6_CAPTION_BYTES);
        if (!status)
            status = check_text(p, "a", cJSON_GetObjectItemCaseSensitive(q, "a"), M6_ANSWER_BYTES);
        if (status)
            return status;
    }
    return M6_OK;
}

static enum m6_status check_picture(const struct manifest *m, const struct place *p, const cJSON *v)
{
    char path[2 * M6_PATH_BYTES];
    if (!cJSON_IsString(v) || strlen(v->valuestring) >= M6_PATH_BYTES)
        return bad(p, "a picture's path must be a text");
    snprintf(path, sizeof path, "%s%s", v->valuestring[0] == '/' ? "" : m->folder, v->valuestring);
    if (access(path, R_OK))
        return bad(p, "cannot read %.256s: %s", path, strerror(errno));
    return M6_OK;
}

static enum m6_status check_field(const struct manifest *m, const struct place *p, const cJSON *v)
{
    const char *k = v->string;
    if (!strcmp(k, "image") || !strcmp(k, "mask"))
        return check_picture(m, p, v);
    if (!strcmp(k, "caption") || !strcmp(k, "prompt") || !strcmp(k, "wrong"))
        return check_texts(p, v);
    if (!strcmp(k, "questions"))
        return check_questions(p, v);
    if (!strcmp(k, "idea"))
        return check_text(p, k, v, M6_CAPTION_BYTES);
    if (!strcmp(k, "script"))
        return check_text(p, k, v, M6_SCRIPT_BYTES);
    if (!strcmp(k, "shots"))
        return cJSON_IsNumber(v) && v->valueint > 0 && v->valueint < 1000 ? M6_OK : bad(p, "\"shots\" must be a count");
    if (!strcmp(k, "lang")) {
        const int known = cJSON_IsString(v) && (!strcmp(v->valuestring, "en") || !strcmp(v->valuestring, "zh"));
        return known ? M6_OK : bad(p, "\"lang\" must be \"en\" or \"zh\"");
    }
    if (strcmp(k, "images") != 0)
        return bad(p, "unknown field \"%s\"", k);
    if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) != M6_CLIP_FRAMES)
        return bad(p, "\"images\" must list the %d frames of a clip", M6_CLIP_FRAMES);
    const cJSON *frame;
    cJSON_ArrayForEach(frame, v)
    {
        const enum m6_status status = check_picture(m, p, frame);
        if (status)
            return status;
    }
    return M6_OK;
}

static enum m6_status check_line(const struct manifest *m, const struct place *p, const cJSON *json, enum kind *kind)
{
    const cJSON *v;
    if (!cJSON_IsObject(json))
        return bad(p, "not a JSON object");
    cJSON_ArrayForEach(v, json)
    {
        const enum m6_status status = check_field(m, p, v);
        if (status)
            return status;
    }
    const int still = cJSON_HasObjectItem(json, "image"), clip = cJSON_HasObjectItem(json, "images");
    const int script = cJSON_HasObjectItem(json, "script");
    if (still + clip + script != 1)
        return bad(p, "one of \"image\", \"images\" and \"script\" must be given");
    if (script && (!cJSON_HasObjectItem(json, "idea") || !cJSON_HasObjectItem(json, "shots")))
        return bad(p, "a \"script\" needs its \"idea\" and its number of \"shots\"");
    *kind = still ? STILL : clip ? CLIP : SCRIPT;
    return M6_OK;
}

/* ---- examples ---- */

/* Every epoch goes through all lines of a kind in an order of its own: i ↦ (a·i + b) mod n, with a coprime to n. */
static const struct line *pick(const struct manifest *m, enum kind kind, enum m6_split split, uint64_t index)
{
    const struct list *l = &m->list[kind][split];
    const uint64_t n = (uint64_t)l->count;
    struct m6_rng r = m6_rng_make(m->seed, (uint64_t)kind, index / n);
    uint64_t a = 1 + (uint64_t)m6_rng_below(&r, l->count), b = (uint64_t)m6_rng_below(&r, l->count);
    for (;; a++) {
        uint64_t x = a, y = n;
        while (y) {
            const uint64_t rest = x % y;
            x = y;
            y = rest;
        }
        if (x == 1)
            break;
    }
    const uint64_t at = split == M6_SPLIT_HELDOUT ? index % n : (a * (index % n) + b) % n;
    return &m->line[l->line[at]];
}

static void copy_texts(const cJSON *json, const char *name, char to[M6_LANGS][M6_CAPTION_BYTES])
{
    static const char *const lang[M6_LANGS] = {"en", "zh"};
    const cJSON *texts = cJSON_GetObjectItemCaseSensitive(json, name);
    for (int l = 0; l < M6_LANGS; l++) {
        const cJSON *v = cJSON_GetObjectItemCaseSensitive(texts, lang[l]);
        snprintf(to[l], M6_CAPTION_BYTES, "%s", v ? v->valuestring : "");
    }
}

static enum m6_status read_picture(const struct manifest *m, const cJSON *v, int width, int height, uint8_t *rgb,
                                   struct m6_error *err)
{
    char path[2 * M6_PATH_BYTES];
    snprintf(path, sizeof path, "%s%s", v->valuestring[0] == '/' ? "" : m->folder, v->valuestring);
    return m6_picture_read(path, width, height, rgb, err);
}

static enum m6_status read_mask(const struct manifest *m, const cJSON *json, struct m6_example *e, struct m6_error *err)
{
    const size_t area = (size_t)e->width * (size_t)e->height;
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(json, "mask");
    memset(e->mask, 0, area * (size_t)e->frames);
    if (!v || e->frames > 1)
        return M6_OK;
    uint8_t *rgb = malloc(area * 3);
    enum m6_status status = rgb ? read_picture(m, v, e->width, e->height, rgb, err) : M6_ERR_MEMORY;
    for (size_t i = 0; !status && i < area; i++)
        e->mask[i] = rgb[3 * i];
    free(rgb);
    return status;
}

static enum m6_status example(void *self, enum m6_split split, int clip, uint64_t index, struct m6_example *e,
                              struct m6_error *err)
{
    const struct manifest *m = self;
    const size_t area = (size_t)e->width * (size_t)e->height;
    const struct line *line = pick(m, clip ? CLIP : STILL, split, index);
    const cJSON *json = line->json, *v;
    int i = 0;
    e->frames = clip ? M6_CLIP_FRAMES : 1;
    enum m6_status status = M6_OK;
    if (e->rgb && !clip)
        status = read_picture(m, cJSON_GetObjectItemCaseSensitive(json, "image"), e->width, e->height, e->rgb, err);
    else if (e->rgb)
        cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(json, "images"))
        {
            if (!status)
                status = read_picture(m, v, e->width, e->height, e->rgb + area * 3 * (size_t)i++, err);
        }
    if (!status && e->mask)
        status = read_mask(m, json, e, err);
    if (status && err) {
        const struct m6_error why = *err;
        m6_fail(err, status, "line %d of the manifest: %.400s", line->number, why.text);
    }
    copy_texts(json, "caption", e->caption);
    copy_texts(json, "prompt", e->prompt);
    copy_texts(json, "wrong", e->wrong);
    const uint64_t n = (uint64_t)m->list[clip ? CLIP : STILL][split].count, next = index / n * n + (index + 1) % n;
    for (int l = 0; l < M6_LANGS && n > 1; l++)
        if (!e->wrong[l][0]) { /* another picture's caption will do, if it says something else */
            char other[M6_LANGS][M6_CAPTION_BYTES];
            copy_texts(pick(m, clip ? CLIP : STILL, split, next)->json, "caption", other);
            if (strcmp(other[l], e->caption[l]) != 0)
                strcpy(e->wrong[l], other[l]);
        }
    e->questions = 0;
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "questions");
    const int questions = cJSON_GetArraySize(list);
    struct m6_rng r = m6_rng_make(m->seed, 5, index);
    for (const int first = questions ? m6_rng_below(&r, questions) : 0;
         e->questions < questions && e->questions < M6_QUESTIONS_MAX; e->questions++) {
        const cJSON *q = cJSON_GetArrayItem(list, (first + e->questions) % questions);
        struct m6_question *to = &e->question[e->questions];
        strcpy(to->question, cJSON_GetObjectItemCaseSensitive(q, "q")->valuestring);
        strcpy(to->answer, cJSON_GetObjectItemCaseSensitive(q, "a")->valuestring);
    }
    for (i = 0; i < M6_LABELS_MAX; i++)
        e->label[i] = -1;
    return status;
}

static enum m6_status script(void *self, enum m6_split split, uint64_t index, struct m6_script_example *e,
                             struct m6_error *err)
{
    const cJSON *json = pick(self, SCRIPT, split, index)->json;
    const cJSON *lang = cJSON_GetObjectItemCaseSensitive(json, "lang");
    e->lang = lang && !strcmp(lang->valuestring, "zh") ? M6_LANG_ZH : M6_LANG_EN;
    e->shots = cJSON_GetObjectItemCaseSensitive(json, "shots")->valueint;
    snprintf(e->idea, sizeof e->idea, "%s", cJSON_GetObjectItemCaseSensitive(json, "idea")->valuestring);
    snprintf(e->script, sizeof e->script, "%s", cJSON_GetObjectItemCaseSensitive(json, "script")->valuestring);
    return M6_OK;
}

/* ---- loading ---- */

static enum m6_status add_line(struct manifest *m, const struct place *p, const char *text, size_t size)
{
    if (m->lines == m->room) {
        const int room = m->room * 2 + 256;
        struct line *more = realloc(m->line, (size_t)room * sizeof *more);
        if (!more)
            return m6_fail(p->err, M6_ERR_MEMORY, "no memory for %s", p->path);
        m->line = more;
        m->room = room;
    }
    char name[M6_PATH_BYTES];
    cJSON *json;
    enum kind kind = STILL;
    snprintf(name, sizeof name, "%.900s line %d", p->path, p->line);
    enum m6_status status = m6_json_parse(&json, text, size, name, p->err);
    if (!status)
        status = check_line(m, p, json, &kind);
    if (status) {
        cJSON_Delete(json);
        return status;
    }
    const int split = m->lines % HELDOUT_EVERY == HELDOUT_EVERY - 1;
    struct list *l = &m->list[kind][split];
    int *more = realloc(l->line, (size_t)(l->count + 1) * sizeof *more);
    if (!more) {
        cJSON_Delete(json);
        return m6_fail(p->err, M6_ERR_MEMORY, "no memory for %s", p->path);
    }
    l->line = more;
    l->line[l->count++] = m->lines;
    m->line[m->lines++] = (struct line){json, p->line};
    return M6_OK;
}

/* A kind that is too rare to hold any out is evaluated on what it was trained on. */
static enum m6_status complete(struct manifest *m)
{
    for (int k = 0; k < KINDS; k++)
        for (int split = 0; split < 2; split++) {
            struct list *l = &m->list[k][split], *other = &m->list[k][!split];
            if (l->count || !other->count)
                continue;
            if (!(l->line = malloc((size_t)other->count * sizeof *l->line)))
                return M6_ERR_MEMORY;
            memcpy(l->line, other->line, (size_t)other->count * sizeof *l->line);
            l->count = other->count;
        }
    return M6_OK;
}

enum m6_status m6_source_manifest(struct m6_source *out, const char *path, uint64_t seed, struct m6_error *err)
{
    char *text;
    size_t size;
    memset(out, 0, sizeof *out);
    enum m6_status status = m6_file_read(path, &text, &size, err);
    if (status)
        return status;
    struct manifest *m = calloc(1, sizeof *m);
    if (!m) {
        free(text);
        return m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
    }
    m->seed = seed;
    const char *slash = strrchr(path, '/');
    snprintf(m->folder, sizeof m->folder, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
    struct place p = {path, 0, err};
    for (const char *at = text; at < text + size && !status;) {
        const char *end = memchr(at, '\n', (size_t)(text + size - at));
        const size_t length = end ? (size_t)(end - at) : (size_t)(text + size - at);
        p.line++;
        if (strspn(at, " \t\r") < length)
            status = add_line(m, &p, at, length);
        at += length + 1;
    }
    free(text);
    if (!status && !m->lines)
        status = m6_fail(err, M6_ERR_FORMAT, "%s: no examples", path);
    if (!status && complete(m))
        status = m6_fail(err, M6_ERR_MEMORY, "no memory for %s", path);
    if (status) {
        destroy(m);
        return status;
    }
    *out = (struct m6_source){.self = m,
                              .stills = m->list[STILL][0].count > 0,
                              .clips = m->list[CLIP][0].count > 0,
                              .scripts = m->list[SCRIPT][0].count > 0,
                              .example = example,
                              .script = script,
                              .destroy = destroy};
    return M6_OK;
}
