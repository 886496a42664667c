/* m6-train: trains image tokenizer, judge, vocabulary and model from recipes. `m6 train` runs it. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train/bpe.h"
#include "train/cmd/storyworld_source.h"
#include "train/judge.h"
#include "train/m6.h"
#include "train/trainer.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_INTERRUPTED = 130 };

static const char usage[] =
    "Usage: m6 train [OPTIONS] RECIPE.json\n"
    "       m6 train export [OPTIONS] RECIPE.json -o PATH\n"
    "\n"
    "Trains what a recipe says, going on from its newest checkpoint; export writes the result: a model's\n"
    "folder, or a judge's file.\n"
    "\n"
    "Options:\n"
    "  -o, --output PATH  what to export to\n"
    "  --work DIR         folder that the recipe's outputs go to (default: m6-training)\n"
    "  --steps N          end after step N, and plan the learning rate for that\n"
    "  --threads N        threads (default: the recipe's; 0: one for each CPU)\n"
    "  --fresh            remove the run's checkpoints first, and start from nothing\n"
    "  -h, --help         this text\n"
    "\n"
    "Ctrl-C stops after the step at hand and writes a checkpoint; the same command then goes on, bit by bit\n"
    "as if it had never been stopped. docs/training.md explains recipes, data and the log.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 bad input, 130 interrupted.\n";

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
    const char *wrong = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "o:h", names, NULL)) != -1)
        switch (c) {
        case 'w':
            o->work = optarg;
            break;
        case 's':
            if (!number(optarg, &o->steps) || o->steps < 1)
                wrong = "--steps wants a whole number from 1";
            break;
        case 't':
            if (!number(optarg, &o->threads) || o->threads > 1024)
                wrong = "--threads wants a whole number up to 1024";
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
            return EXIT_USAGE; /* getopt has said why */
        }
    if (optind < argc && !strcmp(argv[optind], "export")) {
        o->export = 1;
        optind++;
    }
    if (!wrong && optind + 1 != argc)
        wrong = optind == argc ? "name a recipe" : "one recipe at a time";
    if (!wrong && o->export != (o->out != NULL))
        wrong = o->export ? "export wants to know where to: -o PATH" : "-o is for export; \"folder\" in the recipe says where";
    if (wrong) {
        fprintf(stderr, "m6 train: %s (m6 train --help says more)\n", wrong);
        return EXIT_USAGE;
    }
    o->recipe = argv[optind];
    return 0;
}

static int failed(enum m6_status status, const struct m6_error *err)
{
    fprintf(stderr, "m6 train: %s\n", err->text[0] ? err->text : m6_status_name(status));
    if (status == M6_ERR_CANCELLED)
        return EXIT_INTERRUPTED;
    const int input = status == M6_ERR_FORMAT || status == M6_ERR_ARGUMENT || status == M6_ERR_MODEL ||
                      status == M6_ERR_UNSUPPORTED || status == M6_ERR_LIMIT;
    return input ? EXIT_INPUT : EXIT_FAILED;
}

static enum m6_status open_source(const struct m6_recipe *r, struct m6_source *source, struct m6_error *err)
{
    if (r->manifest[0]) {
        const enum m6_status status = m6_source_manifest(source, r->manifest, r->seed, err);
        return status == M6_ERR_IO ? M6_ERR_FORMAT : status; /* bad input, not a failure of ours */
    }
    if (strcmp(r->source, "storyworld") != 0)
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"data.source\" knows \"storyworld\" only; use \"manifest\" for your own",
                       r->path);
    return m6_source_storyworld(source, r->seed, err);
}

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
                         : m6_bpe_run(r, source, err);
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
    status = open_source(&recipe, &source, &err);
    if (!status)
        status = run(&o, &recipe, &source, &err);
    m6_source_destroy(&source);
    return status ? failed(status, &err) : EXIT_OK;
}
