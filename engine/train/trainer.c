#include "train/trainer.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/progress.h"
#include "train/quant.h"

static const struct m6_job *const jobs[M6_RECIPE_KINDS] = {
    [M6_RECIPE_IMAGE] = &m6_job_image,
    [M6_RECIPE_JUDGE] = &m6_job_judge,
    [M6_RECIPE_M6] = &m6_job_m6,
};

void m6_trainer_destroy(struct m6_trainer *t)
{
    if (!t)
        return;
    if (t->job)
        t->job->destroy(t);
    m6_tape_destroy(t->tape);
    m6_params_destroy(t->params);
    m6_pool_destroy(t->pool);
    free(t);
}

/* Whether the data has what a step wants of it. */
static enum m6_status check_data(const struct m6_recipe *r, const struct m6_source *s, struct m6_error *err)
{
    const char *none = m6_recipe_stills(r) && !s->stills ? "pictures" : r->clips && !s->clips ? "clips" : NULL;
    if (!none && r->scripts && !s->scripts)
        none = "scripts";
    return none ? m6_fail(err, M6_ERR_ARGUMENT, "%s: \"batch.%s\" is not 0, and the data has no %s", r->path, none, none)
                : M6_OK;
}

enum m6_status m6_trainer_create(struct m6_trainer **out, const struct m6_recipe *recipe, struct m6_source *source,
                                 struct m6_error *err)
{
    *out = NULL;
    if (!jobs[recipe->kind])
        return m6_fail(err, M6_ERR_ARGUMENT, "%s: a recipe of kind \"%s\" takes no training steps", recipe->path,
                       m6_recipe_kind_name(recipe->kind));
    enum m6_status status = check_data(recipe, source, err);
    if (status)
        return status;
    struct m6_trainer *t = calloc(1, sizeof *t);
    if (!t)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a trainer");
    t->recipe = *recipe;
    t->source = source;
    t->pool = m6_pool_create(recipe->threads);
    t->params = m6_params_create();
    if (!t->pool || !t->params)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory or threads for a trainer");
    else if (!(t->tape = m6_tape_create(recipe->precision, t->pool, NULL, err)))
        status = M6_ERR_MEMORY;
    else {
        t->job = jobs[recipe->kind];
        status = t->job->create(t, err);
    }
    for (int i = 0; !status && i < m6_params_count(t->params); i++)
        if (m6_recipe_freezes(recipe, m6_params_at(t->params, i)->name))
            m6_params_at(t->params, i)->lr_scale = 0;
    if (status) {
        m6_trainer_destroy(t);
        return status;
    }
    *out = t;
    return M6_OK;
}

/* ---- checkpoints ---- */

/* The step of a checkpoint's file name, or -1. */
static int64_t step_of(const char *name)
{
    long long step;
    int end = 0;
    return sscanf(name, "step-%lld.safetensors%n", &step, &end) == 1 && end && !name[end] ? step : -1;
}

enum m6_status m6_trainer_newest(const char *folder, char path[M6_PATH_BYTES], int64_t *step, struct m6_error *err)
{
    int64_t best = -1;
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (step_of(e->d_name) > best)
            best = step_of(e->d_name);
    if (d)
        closedir(d);
    if (best < 0)
        return m6_fail(err, M6_ERR_MODEL, "no checkpoint in %s: run its recipe first", folder);
    snprintf(path, M6_PATH_BYTES, "%s/step-%08lld.safetensors", folder, (long long)best);
    if (step)
        *step = best;
    return M6_OK;
}

static void forget(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[M6_PATH_BYTES + 300];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (step_of(e->d_name) >= 0)
            unlink(path);
    }
    if (d)
        closedir(d);
}

/* Keeps the two newest. */
static void prune(const char *folder, int64_t newest)
{
    for (;;) {
        int64_t oldest = newest;
        int count = 0;
        DIR *d = opendir(folder);
        for (struct dirent *e; d && (e = readdir(d));) {
            const int64_t s = step_of(e->d_name);
            count += s >= 0;
            if (s >= 0 && s < oldest)
                oldest = s;
        }
        if (d)
            closedir(d);
        char path[M6_PATH_BYTES + 64];
        snprintf(path, sizeof path, "%s/step-%08lld.safetensors", folder, (long long)oldest);
        if (count <= 2 || oldest == newest || unlink(path))
            return;
    }
}

static enum m6_status save(struct m6_trainer *t, int64_t step, struct m6_error *err)
{
    char path[M6_PATH_BYTES + 64], number[32];
    snprintf(path, sizeof path, "%s/step-%08lld.safetensors", t->recipe.folder, (long long)step);
    snprintf(number, sizeof number, "%lld", (long long)step);
    const char *const metadata[] = {"step", number, "kind", m6_recipe_kind_name(t->recipe.kind), NULL};
    const enum m6_status status = m6_params_save(t->params, path, metadata, err);
    if (!status)
        prune(t->recipe.folder, step);
    return status;
}

static enum m6_status load(struct m6_params *p, const char *path, struct m6_error *err)
{
    struct m6_safetensors *file;
    struct m6_error why = {""};
    enum m6_status status = m6_safetensors_open(&file, path, &why);
    if (!status) {
        status = m6_params_load(p, file, &why);
        m6_safetensors_close(file);
    }
    if (status == M6_ERR_FORMAT)
        return m6_fail(err, status, "checkpoint %.200s: %.200s; remove the file to go on from the one before", path,
                       why.text);
    return status ? m6_fail(err, status, "%s", why.text) : M6_OK;
}

/* The values that a run, or a release of one, has come to. */
static enum m6_status load_values(struct m6_params *p, const char *from, int partial, struct m6_error *err)
{
    char path[M6_PATH_BYTES];
    if (!m6_trainer_newest(from, path, NULL, err))
        return m6_quant_read(p, path, partial, err);
    const enum m6_status status = m6_quant_read(p, from, partial, err);
    if (status == M6_ERR_IO)
        return m6_fail(err, M6_ERR_MODEL,
                       "%s holds neither a checkpoint nor a model that can be read: run the recipe that makes it first",
                       from);
    return status;
}

enum m6_status m6_trainer_load_average(struct m6_params *p, const char *from, struct m6_error *err)
{
    char path[M6_PATH_BYTES];
    if (m6_trainer_newest(from, path, NULL, err)) /* a release holds averages alone */
        return load_values(p, from, 0, err);
    const enum m6_status status = load(p, path, err);
    if (!status)
        m6_params_swap_average(p);
    return status;
}

static enum m6_status resume(struct m6_trainer *t, int64_t *step, struct m6_error *err)
{
    char path[M6_PATH_BYTES];
    if (m6_trainer_newest(t->recipe.folder, path, step, NULL)) {
        *step = 0;
        return M6_OK;
    }
    const enum m6_status status = load(t->params, path, err);
    if (!status && !m6_params_state_fits(t->params, &t->recipe.optim))
        return m6_fail(err, M6_ERR_ARGUMENT,
                       "%s was trained with another optimizer: start again with --fresh, or in another folder with this "
                       "one as \"init_from\"",
                       path);
    return status;
}

enum m6_status m6_make_folders(const char *path, struct m6_error *err)
{
    char part[M6_PATH_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *p = part + 1;; p++)
        if (*p == '/' || !*p) {
            const char was = *p;
            *p = '\0';
            if (mkdir(part, 0777) && errno != EEXIST)
                return m6_fail(err, M6_ERR_IO, "cannot make the folder %s: %s", part, strerror(errno));
            if (!(*p = was))
                return M6_OK;
        }
}

static enum m6_status begin(struct m6_trainer *t, int fresh, int64_t *step, struct m6_error *err)
{
    *step = 0;
    enum m6_status status = m6_make_folders(t->recipe.folder, err);
    if (!status && fresh)
        forget(t->recipe.folder);
    else if (!status)
        status = resume(t, step, err);
    if (!status)
        status = t->job->start(t, *step, err);
    if (!status && *step == 0 && t->recipe.init_from[0])
        status = load_values(t->params, t->recipe.init_from, 1, err);
    return status;
}

/* ---- the loop ---- */

enum { LOG_SECONDS = 10, LOST_STEPS = 100 };

struct progress {
    struct m6_jsonl *log;
    struct m6_progress line;
    double began, since, flops, data; /* since, flops, data: as they were at the last report */
    int64_t steps, examples;
    struct m6_metrics sum;
};

static void add_up(struct progress *p, const struct m6_metrics *m)
{
    for (int i = 0; i < m->count; i++) {
        const double before = p->steps ? m6_metrics_get(&p->sum, m->metric[i].name) : 0;
        m6_metrics_set(&p->sum, m->metric[i].name, (isnan(before) ? 0 : before) + m->metric[i].value);
    }
    p->steps++;
}

/* The mean of the steps since the last report. */
static enum m6_status report(struct m6_trainer *t, struct progress *p, int64_t step, double norm, struct m6_error *err)
{
    const double seconds = m6_progress_now() - p->since;
    struct m6_metrics mean = p->sum;
    for (int i = 0; i < mean.count; i++)
        mean.metric[i].value /= (double)p->steps;
    const struct m6_report r = {.step = step,
                                .steps = t->recipe.steps,
                                .lr = m6_recipe_lr(&t->recipe, step),
                                .norm = norm,
                                .seconds = m6_progress_now() - p->began,
                                .gflops = (m6_tape_flops(t->tape) - p->flops) / seconds * 1e-9,
                                .examples = (double)p->examples / seconds,
                                .data = (t->data_seconds - p->data) / seconds};
    if (!p->line.terminal)
        m6_report_line("step", &r, &mean);
    p->since = m6_progress_now();
    p->flops = m6_tape_flops(t->tape);
    p->data = t->data_seconds;
    p->steps = p->examples = 0;
    p->sum.count = 0;
    return m6_report_log(p->log, "step", &r, &mean, err);
}

static enum m6_status evaluate(struct m6_trainer *t, struct progress *p, int64_t step, struct m6_error *err)
{
    struct m6_metrics m = {0};
    const double from = m6_progress_now(), flops = m6_tape_flops(t->tape), data = t->data_seconds;
    if (t->recipe.average > 0)
        m6_params_swap_average(t->params);
    enum m6_status status = t->job->evaluate(t, &m, err);
    if (t->recipe.average > 0)
        m6_params_swap_average(t->params);
    const struct m6_report r = {.step = step,
                                .steps = t->recipe.steps,
                                .lr = m6_recipe_lr(&t->recipe, step),
                                .seconds = m6_progress_now() - p->began,
                                .gflops = (m6_tape_flops(t->tape) - flops) / (m6_progress_now() - from) * 1e-9};
    p->flops += m6_tape_flops(t->tape) - flops;
    p->data += t->data_seconds - data;
    p->since += m6_progress_now() - from;
    p->line.last += m6_progress_now() - from;
    if (status)
        return status;
    m6_progress_clear(&p->line);
    m6_report_line("held out", &r, &m);
    return m6_report_log(p->log, "eval", &r, &m, err);
}

static enum m6_status one_step(struct m6_trainer *t, struct progress *p, int64_t step, double *norm,
                               struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    struct m6_metrics m = {0};
    const double flops = m6_tape_flops(t->tape);
    enum m6_status status = t->job->step(t, step, &m, err);
    if (!status && m6_tape_status(t->tape))
        status = m6_fail(err, M6_ERR_MEMORY, "%s: no memory for a step; make the batch smaller", r->path);
    if (status)
        return status;
    struct m6_optim optim = r->optim;
    optim.lr = m6_recipe_lr(r, step);
    *norm = m6_params_step(t->params, t->pool, &optim, step);
    if (r->average > 0) /* forgets faster at first, so that the average is of use early */
        m6_params_average(t->params, t->pool, fminf(r->average, (float)step / ((float)step + 10.0f)));
    const int examples = m6_recipe_stills(r) + r->clips + r->scripts + r->texts;
    const double rows = m6_metrics_get(&m, "rows");
    add_up(p, &m);
    p->examples += examples;
    m6_progress_step(&p->line, &(struct m6_progress_step){step, r->steps, m6_metrics_get(&m, "loss"),
                                                          isnan(rows) ? examples : rows,
                                                          isnan(rows) ? "pictures" : "tokens",
                                                          m6_tape_flops(t->tape) - flops});
    return M6_OK;
}

static enum m6_status loop(struct m6_trainer *t, struct progress *p, int64_t step, struct m6_error *err)
{
    const struct m6_recipe *r = &t->recipe;
    double saved = m6_progress_now(), shown = m6_progress_now(), norm;
    int lost = 0;
    enum m6_status status = M6_OK;
    while (step < r->steps) {
        if ((status = one_step(t, p, ++step, &norm, err)))
            return status;
        lost = isfinite(norm) ? 0 : lost + 1;
        if (lost == LOST_STEPS)
            return m6_fail(err, M6_ERR_ARGUMENT,
                           "%s: no gradient was finite in the %d steps up to %lld: lower \"optimizer.lr\", or raise "
                           "\"optimizer.warmup\"",
                           r->path, LOST_STEPS, (long long)step);
        const int last = step == r->steps, stop = t->stop && *t->stop;
        if (last || stop || m6_progress_now() - shown > LOG_SECONDS) {
            if ((status = report(t, p, step, norm, err)))
                return status;
            shown = m6_progress_now();
        }
        if ((last || step % r->eval_every == 0) && (status = evaluate(t, p, step, err)))
            return status;
        if (last || stop || m6_progress_now() - saved > r->checkpoint_seconds) {
            if ((status = save(t, step, err)))
                return status;
            saved = m6_progress_now();
        }
        if (stop)
            return m6_fail(err, M6_ERR_CANCELLED, "stopped after step %lld; the same command goes on from there",
                           (long long)step);
    }
    return M6_OK;
}

enum m6_status m6_trainer_run(struct m6_trainer *t, int fresh, struct m6_error *err)
{
    int64_t step;
    enum m6_status status = begin(t, fresh, &step, err);
    if (status)
        return status;
    char path[M6_PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/log.jsonl", t->recipe.folder);
    if (step == 0)
        unlink(path);
    struct progress p = {.began = m6_progress_now(), .since = m6_progress_now()};
    if ((status = m6_jsonl_open(&p.log, path, err)))
        return status;
    fprintf(stderr, "%s: %s, %.2f M weights, %s step %lld of %lld\n", t->recipe.path,
            m6_recipe_kind_name(t->recipe.kind), (double)m6_params_elements(t->params) * 1e-6,
            step ? "resuming after" : "from", (long long)step, (long long)t->recipe.steps);
    m6_progress_begin(&p.line, stderr, 0);
    p.flops = m6_tape_flops(t->tape);
    status = loop(t, &p, step, err);
    m6_progress_clear(&p.line);
    const enum m6_status closed = m6_jsonl_close(p.log, status ? NULL : err);
    return status ? status : closed;
}

/* ---- examples ---- */

struct fetch {
    struct m6_trainer *t;
    enum m6_split split;
    int clip;
    uint64_t first;
    struct m6_example *example;
    enum m6_status *status;
    struct m6_error *error;
};

static void fetch_one(void *arg, int task, int thread)
{
    const struct fetch *f = arg;
    f->status[task] = f->t->source->example(f->t->source->self, f->split, f->clip, f->first + (uint64_t)task,
                                            &f->example[task], &f->error[task]);
}

enum m6_status m6_trainer_fetch(struct m6_trainer *t, enum m6_split split, int clip, uint64_t first, int count,
                                struct m6_example *example, uint8_t *rgb, uint8_t *mask, struct m6_error *err)
{
    const int w = t->recipe.config.width, h = t->recipe.config.height, frames = clip ? M6_CLIP_FRAMES : 1;
    enum m6_status *status = calloc((size_t)count, sizeof *status);
    struct m6_error *error = calloc((size_t)count, sizeof *error);
    enum m6_status result = M6_OK;
    const double from = m6_progress_now();
    if (!status || !error)
        result = m6_fail(err, M6_ERR_MEMORY, "no memory for %d examples", count);
    for (int i = 0; !result && i < count; i++) {
        struct m6_example *e = &example[i];
        e->width = w;
        e->height = h;
        e->rgb = rgb ? rgb + (size_t)i * frames * w * h * 3 : NULL;
        e->mask = mask ? mask + (size_t)i * frames * w * h : NULL;
    }
    if (!result) {
        struct fetch f = {t, split, clip, first, example, status, error};
        m6_pool_run(t->pool, count, fetch_one, &f);
    }
    for (int i = 0; !result && i < count; i++)
        if ((result = status[i]) && err)
            *err = error[i];
    free(status);
    free(error);
    t->data_seconds += m6_progress_now() - from;
    return result;
}
