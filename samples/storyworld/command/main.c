#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const char help[] =
    "storyworld - a small world of storyboard frames, for training and testing M6-mini\n"
    "\n"
    "  storyworld sheet -o X.png [-n 36] [--columns 6]    a contact sheet of random frames\n"
    "  storyworld frame SEED -o X.png [--at 0.5]          one frame\n"
    "  storyworld clip SEED -o NAME                       frames NAME-001.png, NAME-002.png, ...\n"
    "  storyworld clip SEED -o - --fps 12 --seconds 2     raw RGB frames for a pipe\n"
    "  storyworld scene SEED [--json]                     what the frame shows\n"
    "  storyworld texts SEED                              caption, prompts, questions and answers\n"
    "  storyworld script SEED                             an idea (on stderr) and its script, "
    "Fountain\n"
    "  storyworld parse TEXT                              what a text states\n"
    "  storyworld check FILE --idea TEXT --shots N        whether a script keeps to its idea\n"
    "  storyworld bench                                   frames per second\n"
    "\n"
    "  --split training|heldout   which combinations to draw from (training)\n"
    "  --seed N                   first seed of a sheet (1)\n"
    "  --size WxH                 frame size (256x144)\n"
    "  --lang en|zh               language (en)\n"
    "  --clip                     scenes with motion and camera moves\n"
    "\n"
    "  storyworld clip 7 -o - --fps 12 --seconds 2 | ffmpeg -f rawvideo -pixel_format rgb24 \\\n"
    "    -video_size 256x144 -framerate 12 -i - clip.mp4\n";

enum {
    OPT_SPLIT = 256,
    OPT_SEED,
    OPT_SIZE,
    OPT_LANG,
    OPT_FPS,
    OPT_SECONDS,
    OPT_AT,
    OPT_COLUMNS,
    OPT_SHOTS,
    OPT_IDEA,
    OPT_CLIP,
    OPT_JSON
};

static const struct option long_options[] = {{"split", required_argument, NULL, OPT_SPLIT},
                                             {"seed", required_argument, NULL, OPT_SEED},
                                             {"size", required_argument, NULL, OPT_SIZE},
                                             {"lang", required_argument, NULL, OPT_LANG},
                                             {"fps", required_argument, NULL, OPT_FPS},
                                             {"seconds", required_argument, NULL, OPT_SECONDS},
                                             {"at", required_argument, NULL, OPT_AT},
                                             {"columns", required_argument, NULL, OPT_COLUMNS},
                                             {"shots", required_argument, NULL, OPT_SHOTS},
                                             {"idea", required_argument, NULL, OPT_IDEA},
                                             {"clip", no_argument, NULL, OPT_CLIP},
                                             {"json", no_argument, NULL, OPT_JSON},
                                             {"output", required_argument, NULL, 'o'},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};

static int refuse(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "storyworld: %s is \"%s\" but should be %s.\n", option, value, wanted);
    return -1;
}

static int take_int(const char *option, const char *value, int low, int high, int *out)
{
    char *end, wanted[64];
    long n;

    errno = 0;
    n = strtol(value, &end, 10);
    if (errno || end == value || *end || n < low || n > high) {
        snprintf(wanted, sizeof wanted, "a whole number from %d to %d", low, high);
        return refuse(option, value, wanted);
    }
    *out = (int)n;
    return 0;
}

static int take_seed(const char *option, const char *value, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(value, &end, 10);
    if (errno || end == value || *end || *value == '-')
        return refuse(option, value, "a whole number");
    return 0;
}

static int take_real(const char *option, const char *value, double low, double high, double *out)
{
    char *end, wanted[64];

    *out = strtod(value, &end);
    if (end == value || *end || !(*out >= low && *out <= high)) {
        snprintf(wanted, sizeof wanted, "a number from %g to %g", low, high);
        return refuse(option, value, wanted);
    }
    return 0;
}

static int take_size(const char *value, struct options *o)
{
    char tail;

    if (sscanf(value, "%dx%d%c", &o->width, &o->height, &tail) != 2 || o->width < 1 ||
        o->height < 1 || o->width > 8192 || o->height > 8192)
        return refuse("--size", value, "WIDTHxHEIGHT, each from 1 to 8192");
    return 0;
}

static int take_word(const char *option, const char *value, const char *zero, const char *one,
                     int *out)
{
    char wanted[64];

    if (strcmp(value, zero) && strcmp(value, one)) {
        snprintf(wanted, sizeof wanted, "%s or %s", zero, one);
        return refuse(option, value, wanted);
    }
    *out = !strcmp(value, one);
    return 0;
}

static int take_option(int c, struct options *o)
{
    int word;

    switch (c) {
    case 'o':
        o->output = optarg;
        return 0;
    case 'n':
        return take_int("-n", optarg, 1, 10000, &o->count);
    case OPT_SPLIT:
        if (take_word("--split", optarg, "training", "heldout", &word))
            return -1;
        o->split = word ? SW_HELDOUT : SW_TRAIN;
        return 0;
    case OPT_LANG:
        if (take_word("--lang", optarg, "en", "zh", &word))
            return -1;
        o->lang = word ? SW_ZH : SW_EN;
        return 0;
    case OPT_SEED:
        return take_seed("--seed", optarg, &o->seed);
    case OPT_SIZE:
        return take_size(optarg, o);
    case OPT_FPS:
        return take_real("--fps", optarg, 0.1, 240, &o->fps);
    case OPT_SECONDS:
        return take_real("--seconds", optarg, 0.01, 600, &o->seconds);
    case OPT_AT:
        return take_real("--at", optarg, 0, 1, &o->at);
    case OPT_COLUMNS:
        return take_int("--columns", optarg, 1, 100, &o->columns);
    case OPT_SHOTS:
        return take_int("--shots", optarg, 1, SW_SHOTS_MAX, &o->shots);
    case OPT_IDEA:
        o->idea = optarg;
        return 0;
    case OPT_CLIP:
        o->clip = 1;
        return 0;
    case OPT_JSON:
        o->json = 1;
        return 0;
    default:
        return -1;
    }
}

static const struct {
    const char *name;
    int (*run)(const struct options *);
    int wants_seed;
} commands[] = {{"sheet", command_sheet, 0},  {"frame", command_frame, 1},
                {"clip", command_clip, 1},    {"bench", command_bench, 0},
                {"scene", command_scene, 1},  {"texts", command_texts, 1},
                {"script", command_script, 1}};

static int run(const char *name, const char *argument, struct options *o)
{
    if (!strcmp(name, "parse") || !strcmp(name, "check")) {
        if (!argument) {
            fprintf(stderr, "storyworld: %s needs a %s after it.\n", name,
                    *name == 'p' ? "text" : "file");
            return 2;
        }
        return *name == 'p' ? command_parse(o, argument) : command_check(o, argument);
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(name, commands[i].name))
            continue;
        if (argument && take_seed("SEED", argument, &o->seed))
            return 2;
        if (!argument && commands[i].wants_seed) {
            fprintf(stderr, "storyworld: %s needs a seed after it, such as 7.\n", name);
            return 2;
        }
        return commands[i].run(o);
    }
    fprintf(stderr, "storyworld: There is no command \"%s\"; see storyworld --help.\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    struct options o = {.seed = 1,
                        .count = 36,
                        .columns = 6,
                        .shots = 3,
                        .width = SW_WIDTH,
                        .height = SW_HEIGHT,
                        .at = 0.5};
    int c;

    while ((c = getopt_long(argc, argv, "o:n:h", long_options, NULL)) != -1) {
        if (c == 'h') {
            fputs(help, stdout);
            return 0;
        }
        if (take_option(c, &o))
            return 2;
    }
    if (optind >= argc) {
        fputs(help, stderr);
        return 2;
    }
    if (argc - optind > 2) {
        fprintf(stderr, "storyworld: \"%s\" is one argument too many; put a text in quotes.\n",
                argv[optind + 2]);
        return 2;
    }
    c = run(argv[optind], argc - optind > 1 ? argv[optind + 1] : NULL, &o);
    if (fflush(stdout)) {
        fprintf(stderr, "storyworld: Standard output cannot be written.\n");
        return 1;
    }
    return c;
}
