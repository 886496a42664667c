#include "detach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "core/host.h"
#include "core/write_error.h"
#include "outfile.h"
#include "output.h"
#include "progress.h"
#include "queue_load.h"

enum { INPUTS_MAX = 72, SPECS_MAX = 64 };

/* One argument or option that names an input. */
struct input {
    const char *option; /* NULL: an argument */
    int index;          /* of the argument */
    char *typed;
    struct queue_file file;
};

struct detach {
    int count;
    char **words; /* after the program's name, as typed */
    const struct queue_module *module;
    struct queue *queue;
    struct input inputs[INPUTS_MAX];
    int input_count;
    char *base;
    struct queue_file *outputs;
    int output_count;
    int queued;
};

int detach_keep(struct cmd_context *ctx, int argc, char **argv)
{
    struct detach *d = calloc(1, sizeof *d);
    if (d)
        d->words = calloc((size_t)argc + 1, sizeof *d->words);
    if (!d || !d->words) {
        free(d);
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    }
    d->count = argc - 1;
    memcpy(d->words, argv + 1, (size_t)d->count * sizeof *d->words);
    ctx->queue = d;
    return 0;
}

void detach_end(struct cmd_context *ctx)
{
    struct detach *d = ctx->queue;
    if (!d)
        return;
    for (int i = 0; i < d->input_count; i++) {
        if (d->inputs[i].file.spooled && !d->queued)
            unlink(d->inputs[i].file.path);
        free(d->inputs[i].typed);
        free(d->inputs[i].file.path);
    }
    for (int i = 0; i < d->output_count; i++)
        free(d->outputs[i].path);
    if (d->queue)
        d->module->close(d->queue);
    free(d->outputs);
    free(d->base);
    free(d->words);
    free(d);
    ctx->queue = NULL;
}

static int open_queue(struct cmd_context *ctx)
{
    struct detach *d = ctx->queue;
    return d->queue ? 0 : queue_load(ctx, &d->module, &d->queue);
}

/* ---- inputs ---- */

static enum m6_status copy_all(int from, int to, const char *typed, const char *path,
                               struct m6_error *err)
{
    char heap[65536];
    for (;;) {
        const ssize_t n = read(from, heap, sizeof heap);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return m6_fail(err, M6_ERR_IO, "cannot read %.300s: %s", typed, strerror(errno));
        if (!n)
            break;
        for (ssize_t done = 0; done < n;) {
            const ssize_t k = write(to, heap + done, (size_t)(n - done));
            if (k < 0 && errno != EINTR)
                return m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", path,
                               m6_write_error(errno));
            done += k > 0 ? k : 0;
        }
    }
    return fsync(to)
               ? m6_fail(err, M6_ERR_IO, "cannot write %.300s: %s", path, m6_write_error(errno))
               : M6_OK;
}

/* What can be read once is kept with the queue. */
static int spool(struct cmd_context *ctx, struct input *in)
{
    struct detach *d = ctx->queue;
    struct m6_error err = {""};
    char path[PATH_MAX];
    int code = open_queue(ctx);
    if (code)
        return code;
    snprintf(path, sizeof path, "%s/spool-XXXXXX", d->module->path(d->queue));
    const int from = open(in->typed, O_RDONLY | O_CLOEXEC),
              to = from < 0 ? -1 : mkostemp(path, O_CLOEXEC);
    if (from < 0) {
        code = cmd_fail(ctx, CMD_INPUT, "cannot open %s: %s", in->typed, strerror(errno));
    } else if (to < 0) {
        code = cmd_fail(ctx, CMD_FAILED, "cannot write %s: %s", path, m6_write_error(errno));
    } else {
        in->file.spooled = 1;
        in->file.path = strdup(path);
        if (!in->file.path)
            unlink(path);
        if (!in->file.path || copy_all(from, to, in->typed, path, &err))
            code = cmd_fail(ctx, CMD_FAILED, "%s", *err.text ? err.text : "out of memory");
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return code;
}

static int settle(struct cmd_context *ctx, struct input *in)
{
    char real[PATH_MAX];
    struct stat st;
    const char *path = in->typed;
    if (in->option && !strcmp(in->option, "preset")) {
        if (m6_find_preset(in->typed, real, sizeof real))
            return 0; /* the command says so better */
        path = real;
    } else if (strstr(path, "://")) {
        in->file.path = strdup(path);
        return in->file.path ? 0 : cmd_fail(ctx, CMD_FAILED, "out of memory");
    }
    if (stat(path, &st))
        return cmd_fail(ctx, CMD_INPUT, "cannot open %s: %s", in->typed, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return cmd_fail(ctx, CMD_INPUT, "%s is a folder; give the name of a file", in->typed);
    if (!S_ISREG(st.st_mode))
        return spool(ctx, in);
    if (access(path, R_OK))
        return cmd_fail(ctx, CMD_INPUT, "cannot open %s: %s", in->typed, strerror(errno));
    in->file.path = realpath(path, NULL);
    return in->file.path
               ? 0
               : cmd_fail(ctx, CMD_INPUT, "cannot open %s: %s", in->typed, strerror(errno));
}

/* Replaces what was typed by the path that will do from anywhere. A command that reads its options
 * twice comes here twice. */
static int take(struct cmd_context *ctx, const char *option, int index, const char **value)
{
    struct detach *d = ctx->queue;
    struct input *in = NULL;
    for (int i = 0; i < d->input_count && !in; i++) {
        const struct input *had = &d->inputs[i];
        if (had->index == index &&
            (option ? had->option && !strcmp(option, had->option) : !had->option))
            in = &d->inputs[i];
    }
    if (in && (!strcmp(in->typed, *value) || (in->file.path && !strcmp(in->file.path, *value)))) {
        *value = in->file.path ? in->file.path : *value;
        return 0;
    }
    if (!in && d->input_count == INPUTS_MAX)
        return cmd_fail(ctx, CMD_USAGE, "too many inputs");
    if (!in)
        in = &d->inputs[d->input_count++];
    if (in->file.spooled)
        unlink(in->file.path);
    free(in->typed);
    free(in->file.path);
    *in = (struct input){.option = option, .index = index, .typed = strdup(*value)};
    const int code = in->typed ? settle(ctx, in) : cmd_fail(ctx, CMD_FAILED, "out of memory");
    if (!code && in->file.path)
        *value = in->file.path;
    return code;
}

static int is_listed(const char *list, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = list; p && *p; p += strcspn(p, "|"), p += *p == '|')
        if (!strncmp(p, name, n) && (p[n] == '|' || !p[n]))
            return 1;
    return 0;
}

int detach_inputs(struct cmd_context *ctx, void *options)
{
    const struct detach_shape *shape = ctx->command->queue;
    int code = 0;
    for (int i = shape->first; i < shape->first + shape->inputs && i < ctx->args && !code; i++)
        code = take(ctx, NULL, i, (const char **)&ctx->arg[i]);
    for (const struct option_spec *s = ctx->command->options; s && s->name && !code; s++) {
        const char **value = (const char **)((char *)options + s->offset);
        if (is_listed(shape->options, s->name) && *value)
            code = take(ctx, s->name, -1, value);
    }
    return code;
}

/* ---- outputs ---- */

/* Absolute, and as its folder is really called; the name itself may be a link that is to be
 * replaced. */
static char *absolute(const char *path)
{
    char folder[PATH_MAX], real[PATH_MAX], *whole;
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    if (!realpath(folder, real))
        return NULL;
    return asprintf(&whole, "%s/%s", strcmp(real, "/") ? real : "", slash ? slash + 1 : path) < 0
               ? NULL
               : whole;
}

int detach_output(struct cmd_context *ctx, const char *path, int base)
{
    struct detach *d = ctx->queue;
    if (outfile_is_device(path))
        return cmd_fail(ctx, CMD_USAGE,
                        "-o %s is a device or a pipe, which cannot wait; leave -o out, and 'm6 "
                        "jobs wait' prints the result",
                        path);
    char *whole = absolute(path);
    if (base) { /* a folder that is not there is output_check's to say */
        free(d->base);
        d->base = whole;
        return 0;
    }
    struct queue_file *more =
        whole ? realloc(d->outputs, ((size_t)d->output_count + 1) * sizeof *more) : NULL;
    if (!more) {
        free(whole);
        return cmd_fail(ctx, CMD_FAILED, "cannot tell where %s is: %s", path, strerror(errno));
    }
    d->outputs = more;
    more[d->output_count++] = (struct queue_file){.path = whole, .overwrite = ctx->overwrite};
    return 0;
}

/* ---- the command line ---- */

struct words {
    char **word;
    int count, failed;
};

static void add_word(struct words *w, const char *name, const char *value)
{
    char **more = realloc(w->word, ((size_t)w->count + 2) * sizeof *more);
    if (!more) {
        w->failed = 1;
        return;
    }
    w->word = more;
    char *word = NULL;
    if (name ? asprintf(&word, value ? "--%s=%s" : "--%s", name, value) < 0
             : !(word = strdup(value))) {
        w->failed = 1;
        return;
    }
    more[w->count++] = word;
    more[w->count] = NULL;
}

/* The options typed, in the long form, but those that are settled here. */
static void add_options(struct words *w, const struct cmd_context *ctx)
{
    static const char *const settled[] = {"detach", "model", "seed", "output", "help", "version"};
    const struct detach *d = ctx->queue;
    const struct option_spec *tables[] = {ctx->command->options, cmd_globals, cmd_queueing};
    struct option_spec specs[SPECS_MAX + 1] = {{0}};
    struct option_list *values = calloc(SPECS_MAX, sizeof *values);
    char **typed = calloc((size_t)d->count + 1, sizeof *typed);
    struct option_error err;
    int n = 0;
    for (int t = 0; t < 3; t++) {
        for (const struct option_spec *s = tables[t]; s && s->name && n < SPECS_MAX; s++, n++) {
            specs[n] = *s;
            specs[n].offset = (size_t)n * sizeof *values;
            if (s->type != OPTION_FLAG) /* so that each value is had as it was typed */
                specs[n].type = OPTION_LIST;
        }
    }
    const struct option_group group = {specs, values};
    if (values && typed)
        memcpy(typed, d->words, (size_t)d->count * sizeof *typed);
    if (!values || !typed || options_parse(&group, 1, d->count, typed, 0, NULL, &err) < 0)
        w->failed = 1;
    for (int i = 0; i < n && !w->failed; i++) {
        int skip = is_listed(ctx->command->queue->options, specs[i].name);
        for (size_t k = 0; k < sizeof settled / sizeof *settled; k++)
            skip |= !strcmp(specs[i].name, settled[k]);
        if (skip)
            continue;
        const struct option_list *list = &values[i];
        if (specs[i].type == OPTION_FLAG && *(const int *)list)
            add_word(w, specs[i].name, NULL);
        /* Of most options the last one counts; of lists all do, and there saying all is right. */
        for (int k = 0; specs[i].type != OPTION_FLAG && k < list->count; k++)
            add_word(w, specs[i].name, list->value[k]);
    }
    free(values);
    free(typed);
}

static int has_seed(const struct cmd_context *ctx)
{
    return ctx->seed_option.given || ctx->command->queue->own_seed;
}

static char **make_words(const struct cmd_context *ctx, const char *model)
{
    const struct detach *d = ctx->queue;
    struct words w = {0};
    char seed[24], real[PATH_MAX];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)ctx->seed);
    add_word(&w, NULL, ctx->command->name);
    add_options(&w, ctx);
    add_word(&w, "model", realpath(model, real) ? real : model);
    if (has_seed(ctx))
        add_word(&w, "seed", seed);
    if (d->base)
        add_word(&w, "output", d->base);
    for (int i = 0; i < d->input_count; i++)
        if (d->inputs[i].option && d->inputs[i].file.path)
            add_word(&w, d->inputs[i].option, d->inputs[i].file.path);
    add_word(&w, NULL, "--");
    for (int i = 0; i < ctx->args; i++)
        add_word(&w, NULL, ctx->arg[i]);
    if (!w.failed)
        return w.word;
    for (int i = 0; i < w.count; i++)
        free(w.word[i]);
    free(w.word);
    return NULL;
}

/* ':' separated folders, each absolute. */
static char *absolute_list(const char *list)
{
    char *out = NULL, part[PATH_MAX], real[PATH_MAX];
    size_t size;
    FILE *to = open_memstream(&out, &size);
    for (const char *p = list; to && *p;) {
        const size_t n = strcspn(p, ":");
        snprintf(part, sizeof part, "%.*s", (int)n, p);
        fputs(n && realpath(part, real) ? real : part, to);
        p += n;
        if (*p)
            fputc(*p++, to);
    }
    if (to)
        fclose(to);
    return out;
}

/* What decides where a command finds its parts. */
static char **make_env(void)
{
    static const char *const names[] = {"M6_PLUGIN_PATH", "M6_MEDIA", "M6_PRESET_PATH"};
    enum { COUNT = sizeof names / sizeof *names };
    char **env = calloc(COUNT + 1, sizeof *env);
    for (int i = 0; env && i < COUNT; i++) {
        const char *value = getenv(names[i]);
        char *list = value ? absolute_list(value) : NULL;
        if (!value || !list || asprintf(&env[i], "%s=%s", names[i], list) < 0)
            env[i] = strdup(names[i]);
        free(list);
    }
    return env;
}

/* ---- queueing ---- */

static int tell(struct cmd_context *ctx, const struct queue_job *job)
{
    if (!ctx->json) {
        progress_clear();
        printf("%lld\n", (long long)job->id);
        return 0;
    }
    char digits[24];
    cJSON *o = cJSON_CreateObject(), *outputs;
    cJSON_AddNumberToObject(o, "job", (double)job->id);
    cJSON_AddStringToObject(o, "state", "queued");
    cJSON_AddStringToObject(o, "command", ctx->command->name);
    outputs = cJSON_AddArrayToObject(o, "outputs");
    for (int i = 0; i < job->output_count; i++)
        cJSON_AddItemToArray(outputs, cJSON_CreateString(job->outputs[i].path));
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)ctx->seed);
    if (has_seed(ctx))
        cJSON_AddItemToObject(o, "seed", cJSON_CreateRaw(digits));
    return output_json(ctx, o, 0);
}

static int digest_inputs(struct cmd_context *ctx, struct queue_file *files, int *count)
{
    struct detach *d = ctx->queue;
    struct m6_error err = {""};
    *count = 0;
    for (int i = 0; i < d->input_count; i++) {
        struct queue_file *f = &d->inputs[i].file;
        if (!f->path)
            continue;
        if (!strstr(f->path, "://") && d->module->digest(f->path, f, &err))
            return cmd_fail(ctx, CMD_INPUT, "%s", err.text);
        files[(*count)++] = *f;
    }
    return 0;
}

int detach_queue(struct cmd_context *ctx, const char *model)
{
    struct detach *d = ctx->queue;
    struct queue_file inputs[INPUTS_MAX];
    struct m6_error err = {""};
    char real[PATH_MAX];
    struct queue_job job = {
        .inputs = inputs, .outputs = d->outputs, .output_count = d->output_count};
    int code = open_queue(ctx);
    if (!code)
        code = digest_inputs(ctx, inputs, &job.input_count);
    if (code)
        return code;
    job.words = make_words(ctx, model);
    job.env = make_env();
    if (!job.words || !job.env)
        code = cmd_fail(ctx, CMD_FAILED, "out of memory");
    else if (d->module->add(d->queue, &job, &err))
        code = cmd_fail(ctx, CMD_FAILED, "%s", err.text);
    d->queued = !code;
    if (!code)
        code = tell(ctx, &job);
    for (char **at = job.words; at && *at; at++)
        free(*at);
    for (char **at = job.env; at && *at; at++)
        free(*at);
    free(job.words);
    free(job.env);
    if (code)
        return code;
    fflush(stdout); /* it is promised: whoever reads on need not wait for a host */
    if (realpath(model, real))
        setenv("M6_MODEL", real, 1); /* for the host, should one be started */
    if (queue_host(d->module->path(d->queue), &err))
        cmd_warn(ctx, "job %lld waits: %s", (long long)job.id, err.text);
    return CMD_QUEUED;
}
