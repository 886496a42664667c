/* m6-train: trains image tokenizer, judge, vocabulary and model from recipes. `m6 train` runs it. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/bpe.h"
#include "train/cmd/storyworld_source.h"
#include "train/judge.h"
#include "train/m6.h"
#include "train/trainer.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_INTERRUPTED = 130 };

static const char usage[] =
    "Usage: m6-train [OPTIONS] RECIPE.json            train; goes on from the newest checkpoint\n"
    "       m6-train export [OPTIONS] RECIPE.json -o PATH\n"
    "                                                 write what was trained: a model folder, a judge's file\n"
    "Options:\n"
    "  --work DIR     folder for checkpoints and other outputs (default: m6-training)\n"
    "  --steps N      end after step N, and plan the learning rate for that\n"
    "  --threads N    threads (default: the recipe's; 0: one for each CPU)\n"
    "  --fresh        start from nothing, even if there are checkpoints\n"
    "  --help         this text\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 bad input, 130 interrupted (the same command goes on).\n";

struct options {
    const char *recipe, *work, *out;
    long long steps, threads;
    int fresh, export;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    stop = 1;
}

static int number(const char *text, long long *out)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return !errno && *text && !*end && *out >= 0;
}

/* 0, or an exit status. */
static int parse(int argc, char **argv, struct options *o)
{
    static const struct option names[] = {{"work", required_argument, NULL, 'w'},  {"steps", required_argument, NULL, 's'},
                                          {"threads", required_argument, NULL, 't'}, {"fresh", no_argument, NULL, 'f'},
                                          {"output", required_argument, NULL, 'o'},  {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *o = (struct options){.work = "m6-training", .steps = -1, .threads = -1};
    int good = 1, c;
    while ((c = getopt_long(argc, argv, "o:h", names, NULL)) != -1)
        switch (c) {
        case 'w':
            o->work = optarg;
            break;
        case 's':
            good &= number(optarg, &o->steps) && o->steps > 0;
            break;
        case 't':
            good &= number(optarg, &o->threads) && o->threads <= 1024;
            break;
        case 'f':
            o->fresh = 1;
            break;
        case 'o':
            o->out = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_OK);
        default:
            good = 0;
        }
    if (optind < argc && !strcmp(argv[optind], "export")) {
        o->export = 1;
        optind++;
    }
    if (good && optind + 1 == argc && o->export == (o->out != NULL)) {
        o->recipe = argv[optind];
        return 0;
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}

static int failed(enum m6_status status, const struct m6_error *err)
{
    fprintf(stderr, "m6-train: %s\n", err->text[0] ? err->text : m6_status_name(status));
    if (status == M6_ERR_CANCELLED)
        return EXIT_INTERRUPTED;
    return status == M6_ERR_FORMAT || status == M6_ERR_ARGUMENT || status == M6_ERR_MODEL ? EXIT_INPUT : EXIT_FAILED;
}

static enum m6_status open_source(const struct m6_recipe *r, struct m6_source *source, struct m6_error *err)
{
    if (r->manifest[0])
        return m6_source_manifest(source, r->manifest, r->seed, err);
    if (strcmp(r->source, "storyworld") != 0)
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"data.source\" knows \"storyworld\" only; use \"manifest\" for your own",
                       r->path);
    return m6_source_storyworld(source, r->seed, err);
}

/* ---- the vocabulary ---- */

static enum m6_status add_texts(struct m6_bpe *b, const struct m6_source *s, uint64_t i, struct m6_example *e,
                                struct m6_script_example *script, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int clip = 0; clip < 2 && !status; clip++) {
        if (!(clip ? s->clips : s->stills))
            continue;
        status = s->example(s->self, M6_SPLIT_TRAIN, clip, i, e, err);
        for (int l = 0; l < M6_LANGS && !status; l++) {
            status = m6_bpe_add(b, e->caption[l], strlen(e->caption[l]), err);
            if (!status)
                status = m6_bpe_add(b, e->prompt[l], strlen(e->prompt[l]), err);
        }
        for (int q = 0; q < e->questions && !status; q++) {
            status = m6_bpe_add(b, e->question[q].question, strlen(e->question[q].question), err);
            if (!status)
                status = m6_bpe_add(b, e->question[q].answer, strlen(e->question[q].answer), err);
        }
    }
    if (!status && s->scripts && !(status = s->script(s->self, M6_SPLIT_TRAIN, i, script, err))) {
        status = m6_bpe_add(b, script->idea, strlen(script->idea), err);
        if (!status)
            status = m6_bpe_add(b, script->script, strlen(script->script), err);
    }
    return status;
}

static enum m6_status train_bpe(const struct m6_recipe *r, const struct m6_source *s, struct m6_error *err)
{
    enum { WORDS_MAX = 65536 };
    const char **words = calloc(WORDS_MAX + 1, sizeof *words);
    struct m6_example *e = calloc(1, sizeof *e);
    struct m6_script_example *script = calloc(1, sizeof *script);
    struct m6_bpe *b = NULL;
    char path[M6_PATH_BYTES + 32];
    enum m6_status status = M6_ERR_MEMORY;
    if (words && e && script) {
        for (int i = 0; s->word && i < WORDS_MAX && (words[i] = s->word(s->self, i, M6_LANG_ZH)); i++)
            ;
        status = m6_bpe_create(&b, words, err);
    }
    for (int i = 0; i < r->texts && !status; i++)
        status = add_texts(b, s, (uint64_t)i, e, script, err);
    if (!status)
        status = m6_bpe_learn(b, r->vocab, err);
    if (!status && mkdir(r->folder, 0777) && errno != EEXIST)
        status = m6_fail(err, M6_ERR_IO, "cannot make the folder %s: %s", r->folder, strerror(errno));
    if (!status) {
        snprintf(path, sizeof path, "%s/tokenizer.json", r->folder);
        status = m6_bpe_write(b, path, err);
    }
    if (!status)
        fprintf(stderr, "%s: %d tokens\n", path, m6_bpe_vocab(b));
    m6_bpe_destroy(b);
    free(words);
    free(e);
    free(script);
    return status;
}

/* ---- training and export ---- */

static enum m6_status export(struct m6_trainer *t, const char *out, struct m6_error *err)
{
    struct m6_judge_shape shape = {0};
    enum m6_status status;
    switch (t->recipe.kind) {
    case M6_RECIPE_M6:
        return m6_export(t, out, err);
    case M6_RECIPE_JUDGE:
        m6_judge_shape_of(&shape, &t->recipe, t->source);
        status = m6_trainer_load_average(t->params, t->recipe.folder, err);
        return status ? status : m6_judge_write(t->params, &shape, out, err);
    default:
        return m6_fail(err, M6_ERR_ARGUMENT, "%s: its result goes into the model; export that one", t->recipe.path);
    }
}

static enum m6_status run(const struct options *o, const struct m6_recipe *r, struct m6_source *source,
                          struct m6_error *err)
{
    if (r->kind == M6_RECIPE_BPE)
        return o->export ? m6_fail(err, M6_ERR_ARGUMENT, "%s: its result goes into the model; export that one", r->path)
                         : train_bpe(r, source, err);
    struct m6_trainer *t;
    enum m6_status status = m6_trainer_create(&t, r, source, err);
    if (status)
        return status;
    t->stop = &stop;
    status = o->export ? export(t, o->out, err) : m6_trainer_run(t, o->fresh, err);
    m6_trainer_destroy(t);
    return status;
}

int main(int argc, char **argv)
{
    struct options o;
    struct m6_error err = {""};
    static struct m6_recipe recipe;
    struct m6_source source = {0};
    const int wrong = parse(argc, argv, &o);
    if (wrong)
        return wrong;
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    enum m6_status status = m6_recipe_read(&recipe, o.recipe, o.work, &err);
    if (status)
        return failed(status == M6_ERR_IO ? M6_ERR_FORMAT : status, &err);
    if (o.steps > 0)
        recipe.steps = o.steps;
    if (o.threads >= 0)
        recipe.threads = (int)o.threads;
    if (mkdir(o.work, 0777) && errno != EEXIST) {
        fprintf(stderr, "m6-train: cannot make the folder %s: %s\n", o.work, strerror(errno));
        return EXIT_FAILED;
    }
    status = open_source(&recipe, &source, &err);
    if (!status)
        status = run(&o, &recipe, &source, &err);
    m6_source_destroy(&source);
    return status ? failed(status, &err) : EXIT_OK;
}
