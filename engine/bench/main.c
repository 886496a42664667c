/* m6 bench: measures this machine, then M6 on it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "cpu/bench_ops.h"

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INPUT, EXIT_MODEL };

static const char help[] =
    "Usage: m6 bench [options]\n"
    "\n"
    "Measures what this machine can do at most, then each operation and the whole model as a share of\n"
    "that. Shares above 1 mean that the data stayed in cache.\n"
    "\n"
    "      --model DIR      the model (default: m6-mini)\n"
    "      --no-model       ceilings and operations alone\n"
    "      --ops NAME       only the operations whose name contains NAME; \"none\" for none\n"
    "      --shape NAME     also a large shape, on random weights: m6-1b, m6-7b, m6-30b-a3b, or a\n"
    "                       JSON file with layers, d_model, ffn, heads, kv_heads, experts, active\n"
    "      --layers N       so many layers of it\n"
    "      --compute TYPE   bf16 (default), i8 or f32, for --shape\n"
    "      --serving        only many requests at once: captions together and one by one, what an\n"
    "                       interactive one waits beside batch work, and the scheduler's own share;\n"
    "                       without --model on random weights in the shape of m6-mini\n"
    "      --threads N      (default: one for each CPU)\n"
    "      --json           JSON instead of a table\n"
    "  -h, --help\n";

struct printer {
    cJSON *list;
    int json;
};

static void on_result(void *arg, const struct m6_bench_result *r)
{
    struct printer *printer = arg;
    if (!printer->json) {
        printf("  %-26s %-26s %10.3f ms %9.1f %-7s %6.2f\n", r->name, r->shape, r->seconds * 1e3, r->rate, r->unit, r->share);
        fflush(stdout);
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", r->name);
    cJSON_AddStringToObject(item, "shape", r->shape);
    cJSON_AddNumberToObject(item, "ms", r->seconds * 1e3);
    cJSON_AddNumberToObject(item, "rate", r->rate);
    cJSON_AddStringToObject(item, "unit", r->unit);
    cJSON_AddNumberToObject(item, "share", r->share);
    cJSON_AddItemToArray(printer->list, item);
}

static cJSON *ceilings_json(const struct m6_ceilings *c)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "f32_gflops_one_thread", c->f32_one);
    cJSON_AddNumberToObject(json, "f32_gflops", c->f32_all);
    cJSON_AddNumberToObject(json, "bf16_gflops_one_thread", c->bf16_one);
    cJSON_AddNumberToObject(json, "bf16_gflops", c->bf16_all);
    cJSON_AddNumberToObject(json, "read_gb_per_s_one_thread", c->read_one);
    cJSON_AddNumberToObject(json, "read_gb_per_s", c->read_all);
    return json;
}

static void print_object(const cJSON *json, int depth)
{
    for (const cJSON *item = json->child; item; item = item->next) {
        if (cJSON_IsObject(item)) {
            printf("%*s%s\n", depth * 2, "", item->string);
            print_object(item, depth + 1);
        } else if (cJSON_IsString(item)) {
            printf("%*s%-*s %s\n", depth * 2, "", 30 - depth * 2, item->string, item->valuestring);
        } else {
            printf("%*s%-*s %.*f\n", depth * 2, "", 30 - depth * 2, item->string, item->valuedouble == (double)(long)item->valuedouble ? 0 : 3,
                   item->valuedouble);
        }
    }
}

static int whole(const char *text, const char *option, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < least || value > most) {
        fprintf(stderr, "m6 bench: %s takes a whole number from %d to %d, not \"%s\"\n", option, least, most, text);
        exit(EXIT_USAGE);
    }
    return (int)value;
}

static int exit_code(enum m6_status status)
{
    switch (status) {
    case M6_OK:
        return EXIT_OK;
    case M6_ERR_MODEL:
        return EXIT_MODEL;
    case M6_ERR_IO:
    case M6_ERR_FORMAT:
        return EXIT_INPUT;
    default:
        return EXIT_FAILED;
    }
}

double m6_bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int m6_bench_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Says what went wrong, or prints the report if it has not been printed yet; frees it. */
static void conclude(cJSON *report, enum m6_status status, const struct m6_error *err, int json)
{
    if (status) {
        fprintf(stderr, "m6 bench: %s\n", err->text);
    } else if (json) {
        char *text = cJSON_Print(report);
        puts(text);
        cJSON_free(text);
    }
    cJSON_Delete(report);
}

static int run_serving(const char *model, int threads, int json)
{
    struct m6_error err = {""};
    cJSON *report = cJSON_CreateObject();
    const enum m6_status status = m6_bench_serving(model, threads, report, &err);
    if (!status && !json)
        print_object(report, 0);
    conclude(report, status, &err, json);
    return exit_code(status);
}

int main(int argc, char **argv)
{
    enum { MODEL = 256, NO_MODEL, OPS, SHAPE, LAYERS, COMPUTE, THREADS, JSON, SERVING };
    static const struct option options[] = {{"model", 1, 0, MODEL},     {"no-model", 0, 0, NO_MODEL}, {"ops", 1, 0, OPS},
                                            {"shape", 1, 0, SHAPE},     {"layers", 1, 0, LAYERS},     {"compute", 1, 0, COMPUTE},
                                            {"threads", 1, 0, THREADS}, {"json", 0, 0, JSON},
                                            {"serving", 0, 0, SERVING},         {"help", 0, 0, 'h'},
                                            {0}};
    const char *model = getenv("M6_MODEL"), *ops = NULL, *shape_name = NULL;
    int no_model = 0, layers = 0, threads = 0, json = 0, serving = 0, option;
    enum m6_type compute = M6_BF16;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case MODEL:
            model = optarg;
            break;
        case NO_MODEL:
            no_model = 1;
            break;
        case OPS:
            ops = optarg;
            break;
        case SHAPE:
            shape_name = optarg;
            break;
        case LAYERS:
            layers = whole(optarg, "--layers", 1, 1000);
            break;
        case COMPUTE:
            if (strcmp(optarg, "bf16") && strcmp(optarg, "i8") && strcmp(optarg, "f32")) {
                fprintf(stderr, "m6 bench: --compute is bf16, i8 or f32, not \"%s\"\n", optarg);
                return EXIT_USAGE;
            }
            compute = optarg[0] == 'b' ? M6_BF16 : optarg[0] == 'i' ? M6_I8 : M6_F32;
            break;
        case THREADS:
            threads = whole(optarg, "--threads", 1, 1024);
            break;
        case JSON:
            json = 1;
            break;
        case SERVING:
            serving = 1;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_OK;
        default:
            fputs("Try 'm6 bench --help'.\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "m6 bench: \"%s\" is not an option; try 'm6 bench --help'\n", argv[optind]);
        return EXIT_USAGE;
    }
    struct m6_error err = {""};
    struct m6_shape shape;
    if (serving)
        return run_serving(model, threads, json);
    if (!model && !no_model) {
        fputs("m6 bench: no model is named; give --model DIR or --no-model\n", stderr);
        return EXIT_MODEL;
    }
    enum m6_status status = shape_name ? m6_shape_read(&shape, shape_name, &err) : M6_OK;
    struct m6_backend *cpu = NULL;
    if (!status && !(cpu = m6_cpu_create(threads, NULL, &err)))
        status = M6_ERR_UNSUPPORTED;
    enum m6_status model_status = M6_OK;
    cJSON *report = cJSON_CreateObject();
    if (!status) {
        struct m6_ceilings ceilings;
        m6_ceilings_measure(cpu, &ceilings);
        cJSON_AddStringToObject(report, "isa", cpu->isa);
        cJSON_AddItemToObject(report, "ceilings", ceilings_json(&ceilings));
        if (!json)
            print_object(report, 0);
        struct printer printer = {cJSON_AddArrayToObject(report, "operations"), json};
        if (!ops || strcmp(ops, "none"))
            status = m6_bench_ops(cpu, &ceilings, ops, on_result, &printer, &err);
        cJSON *whole_report = cJSON_CreateObject();
        if (!status && shape_name) {
            if (layers)
                shape.layers = layers;
            status = m6_bench_shape(cpu, &ceilings, &shape, compute, whole_report, &err);
        }
        m6_cpu_destroy(cpu); /* its threads would spin beside the engine's */
        if (!status && !no_model)
            status = model_status = m6_bench_model(model, threads, &ceilings, whole_report, &err);
        if (!json)
            print_object(whole_report, 0);
        while (whole_report->child) {
            cJSON *item = cJSON_DetachItemViaPointer(whole_report, whole_report->child);
            cJSON_AddItemToObject(report, item->string, item);
        }
        cJSON_Delete(whole_report);
    }
    conclude(report, status, &err, json);
    return model_status ? EXIT_MODEL : exit_code(status);
}
