/* m6 eval: runs a suite and prints its report. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/host.h"
#include "eval.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_MODEL, EXIT_INTERRUPTED = 130 };

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
}

static const char help[] =
    "Usage: m6 eval [options]\n"
    "\n"
    "Measures a model on storyworld scenes. Captions, answers, drawings, scripts and the image\n"
    "tokenizer each give shares from 0 to 1; the tokenizer's fidelity is in dB.\n"
    "\n"
    "      --suite NAME     storyworld, the only one there is\n"
    "      --split NAME     heldout (default) or train: which scenes\n"
    "  -n, --count N        scenes (default 100)\n"
    "      --seed S         of the scenes (default 1)\n"
    "      --parts LIST     of caption,ask,draw,write,tokenizer (default: all)\n"
    "      --cfg G          guidance of drawings (default: as m6 draw has it)\n"
    "      --temperature T  of drawings (the same)\n"
    "      --top-p P        of drawings (the same)\n"
    "      --steps N        of progressive drawings (the same)\n"
    "      --best K         keep the best of K drawings (1)\n"
    "      --verbatim       draw prompts as they are, not as the captions that they are taken for\n"
    "      --dump DIR       leave every scene, true frame, caption, answer, drawing and script there\n"
    "      --judge FILE     the judge, a judge.safetensors (default: the one that comes with M6)\n"
    "      --model DIR      the model (default: m6-mini)\n"
    "      --threads N      (default: one for each CPU)\n"
    "      --json           print the report as JSON, else as a table\n"
    "      --quiet          no progress\n"
    "  -h, --help\n";

struct part {
    const char *name;
    enum m6_status (*run)(const struct eval_run *, cJSON *, struct m6_error *);
};

static const struct part parts[] = {
    {"caption", eval_captions}, {"ask", eval_questions},         {"draw", eval_drawings},
    {"write", eval_scripts},    {"tokenizer", eval_tokenizer},
};
enum { PARTS = sizeof parts / sizeof *parts };

/* Marks the parts that a comma-separated list names; returns the first unknown name, or NULL. */
static const char *choose(const char *list, int *chosen)
{
    static char unknown[64];
    memset(chosen, 0, PARTS * sizeof *chosen);
    while (*list) {
        size_t length = strcspn(list, ",");
        int known = 0;
        for (int p = 0; p < PARTS; p++)
            if (strlen(parts[p].name) == length && !strncmp(parts[p].name, list, length))
                chosen[p] = known = 1;
        if (!known) {
            snprintf(unknown, sizeof unknown, "%.*s", (int)length, list);
            return unknown;
        }
        list += length + (list[length] == ',');
    }
    return NULL;
}

static void print_table(const cJSON *json, int depth)
{
    for (const cJSON *item = json->child; item; item = item->next) {
        if (cJSON_IsObject(item)) {
            printf("%*s%s\n", depth * 2, "", item->string);
            print_table(item, depth + 1);
        } else if (cJSON_IsNumber(item)) {
            int db = strstr(item->string, "_db") != NULL;
            printf("%*s%-*s %8.*f\n", depth * 2, "", 24 - depth * 2, item->string, db ? 2 : 3, item->valuedouble);
        }
    }
}

static long number(const char *text, const char *option, long least, long most)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || *end || end == text || value < least || value > most) {
        fprintf(stderr, "m6 eval: %s takes a whole number from %ld to %ld, not \"%s\"\n", option, least, most, text);
        exit(EXIT_USAGE);
    }
    return value;
}

static float real(const char *text, const char *option, float most)
{
    char *end;
    float value = strtof(text, &end);
    if (*end || end == text || !(value >= 0 && value <= most)) {
        fprintf(stderr, "m6 eval: %s takes a number from 0 to %g, not \"%s\"\n", option, (double)most, text);
        exit(EXIT_USAGE);
    }
    return value;
}

static int exit_code(enum m6_status status)
{
    switch (status) {
    case M6_OK:
        return EXIT_OK;
    case M6_ERR_CANCELLED:
        return EXIT_INTERRUPTED;
    case M6_ERR_MODEL:
    case M6_ERR_FORMAT:
        return EXIT_MODEL;
    default:
        return EXIT_FAILED;
    }
}

static enum m6_status run_parts(struct eval_run *run, const int *chosen, cJSON *report, struct m6_error *err)
{
    char model[4096], judge[4096];
    if (m6_find_model(run->model, model, sizeof model))
        return m6_fail(err, M6_ERR_MODEL, "there is no model %s; m6 models list tells which there are",
                       run->model ? run->model : "m6-mini");
    run->model = model;
    if (!run->judge) {
        if (m6_find_shared("eval/judge.safetensors", judge, sizeof judge))
            return m6_fail(err, M6_ERR_MODEL, "share/m6/eval/judge.safetensors is missing; install m6 whole, or name a judge "
                                              "with --judge");
        run->judge = judge;
    }
    struct m6_host_params params = {.model = model, .threads = run->threads};
    enum m6_status status = m6_host_create(&run->host, &params, err);
    if (!status)
        status = m6_host_load(run->host, NULL, NULL, err);
    if (!status) {
        struct m6_model_info info;
        run->engine = m6_host_engine(run->host);
        m6_engine_info(run->engine, &info);
        status = info.picture_width == SW_WIDTH && info.picture_height == SW_HEIGHT
                     ? eval_dump_scenes(run, err)
                     : m6_fail(err, M6_ERR_MODEL, "%s draws at %d x %d; storyworld is %d x %d", info.name, info.picture_width,
                               info.picture_height, SW_WIDTH, SW_HEIGHT);
        for (int p = 0; p < PARTS && !status; p++)
            if (chosen[p])
                status = parts[p].run(run, report, err);
    }
    m6_host_destroy(run->host);
    return status;
}

int main(int argc, char **argv)
{
    enum { SUITE = 256, SPLIT, SEED, PARTS_LIST, CFG, TEMPERATURE, TOP_P, STEPS, BEST, VERBATIM, DUMP, JUDGE, MODEL, THREADS, JSON, QUIET };
    static const struct option options[] = {{"suite", 1, 0, SUITE},      {"split", 1, 0, SPLIT}, {"count", 1, 0, 'n'},
                                            {"seed", 1, 0, SEED},        {"parts", 1, 0, PARTS_LIST}, {"cfg", 1, 0, CFG}, {"temperature", 1, 0, TEMPERATURE}, {"top-p", 1, 0, TOP_P}, {"steps", 1, 0, STEPS}, {"best", 1, 0, BEST}, {"verbatim", 0, 0, VERBATIM},
                                            {"dump", 1, 0, DUMP},        {"judge", 1, 0, JUDGE}, {"model", 1, 0, MODEL},
                                            {"threads", 1, 0, THREADS},  {"json", 0, 0, JSON},   {"quiet", 0, 0, QUIET},
                                            {"help", 0, 0, 'h'},         {0}};
    struct eval_run run = {.split = SW_HELDOUT, .count = 100, .seed = 1, .guidance = -1, .temperature = -1, .top_p = -1, .interrupted = &interrupted};
    int chosen[PARTS], json = 0, option;
    for (int p = 0; p < PARTS; p++)
        chosen[p] = 1;
    while ((option = getopt_long(argc, argv, "n:h", options, NULL)) != -1) {
        const char *unknown = "";
        switch (option) {
        case SUITE:
            if (strcmp(optarg, "storyworld")) {
                fprintf(stderr, "m6 eval: there is no suite \"%s\"; the one there is: storyworld\n", optarg);
                return EXIT_USAGE;
            }
            break;
        case SPLIT:
            if (strcmp(optarg, "heldout") && strcmp(optarg, "train")) {
                fprintf(stderr, "m6 eval: --split is heldout or train, not \"%s\"\n", optarg);
                return EXIT_USAGE;
            }
            run.split = strcmp(optarg, "heldout") ? SW_TRAIN : SW_HELDOUT;
            break;
        case 'n':
            run.count = (int)number(optarg, "-n", 1, 1000000);
            break;
        case SEED:
            run.seed = (uint64_t)number(optarg, "--seed", 0, __LONG_MAX__);
            break;
        case PARTS_LIST:
            if (!*optarg || (unknown = choose(optarg, chosen))) {
                fprintf(stderr, "m6 eval: no part \"%s\"; there are caption, ask, draw, write and tokenizer\n",
                        *optarg ? unknown : "");
                return EXIT_USAGE;
            }
            break;
        case CFG:
            run.guidance = real(optarg, "--cfg", 30);
            break;
        case TEMPERATURE:
            run.temperature = real(optarg, "--temperature", 10);
            break;
        case TOP_P:
            run.top_p = real(optarg, "--top-p", 1);
            break;
        case STEPS:
            run.steps = (int)number(optarg, "--steps", 1, 256);
            break;
        case BEST:
            run.best = (int)number(optarg, "--best", 1, 64);
            break;
        case VERBATIM:
            run.verbatim = 1;
            break;
        case DUMP:
            run.dump = optarg;
            break;
        case JUDGE:
            run.judge = optarg;
            break;
        case MODEL:
            run.model = optarg;
            break;
        case THREADS:
            run.threads = (int)number(optarg, "--threads", 1, 1024);
            break;
        case JSON:
            json = 1;
            break;
        case QUIET:
            run.quiet = 1;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_OK;
        default:
            fputs("Try 'm6 eval --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "m6 eval: \"%s\" is not an option; try 'm6 eval --help'\n", argv[optind]);
        return EXIT_USAGE;
    }
    struct stat what;
    if (run.dump && mkdir(run.dump, 0777) && (errno != EEXIST || stat(run.dump, &what) || !S_ISDIR(what.st_mode))) {
        fprintf(stderr, "m6 eval: cannot make the folder %s: %s\n", run.dump, strerror(errno));
        return EXIT_FAILED;
    }
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    cJSON *report = cJSON_CreateObject();
    struct m6_error err = {""};
    enum m6_status status = run_parts(&run, chosen, report, &err);
    if (status) {
        fprintf(stderr, "m6 eval: %s\n", err.text);
    } else if (json) {
        char *text = cJSON_Print(report);
        puts(text);
        cJSON_free(text);
    } else {
        print_table(report, 0);
    }
    cJSON_Delete(report);
    return exit_code(status);
}
