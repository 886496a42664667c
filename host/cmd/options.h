/* Command-line options from one table: parsing, checking, "did you mean", and the help text.
 *
 * Long options as --name VALUE or --name=VALUE, short ones as -n VALUE or -nVALUE, flags bundled
 * (-qj), `--` ends them. Each spec says where its value goes as an offset into the caller's struct,
 * so a table is constant data.
 */
#ifndef M6_CMD_OPTIONS_H
#define M6_CMD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
    OPTION_FLAG,    /* int */
    OPTION_TEXT,    /* const char * */
    OPTION_CHOICE,  /* const char *, one of value "a|b|c" */
    OPTION_INTEGER, /* int64_t, min … max */
    OPTION_NUMBER,  /* double, min … max */
    OPTION_SEED,    /* struct option_seed */
    OPTION_SIZE,    /* struct option_size, "1280x720", each side min … max */
    OPTION_RATE,    /* struct option_rate, "24", "23.976", "30000/1001" */
    OPTION_LIST,    /* struct option_list: may be given again */
};

struct option_seed {
    int given;
    uint64_t value;
};
struct option_size {
    int width, height; /* 0: not given */
};
struct option_rate {
    int num, den; /* 0: not given */
};
enum { OPTION_LIST_MAX = 64 };
struct option_list {
    int count;
    const char *value[OPTION_LIST_MAX];
};

struct option_spec {
    const char *name;
    char letter; /* 0: none */
    enum option_type type;
    double min, max; /* of numbers and sides */
    size_t offset;
    const char *value; /* how help names the value; for OPTION_CHOICE the choices */
    const char *help;
};

/* A table and the struct that its offsets refer to. */
struct option_group {
    const struct option_spec *specs; /* ended by a NULL name; may be NULL */
    void *base;
};

struct option_error {
    char text[512];
};

/* Reads one value into base. Returns 0, or -1 with a sentence. Also used for values that come from
 * a preset. */
int option_set(const struct option_spec *spec, void *base, const char *value,
               struct option_error *err);

/* Parses argv[0 … argc), moving what is not an option to the front in order. Returns how many such
 * there are, or -1 with a sentence. With stop_at_argument it stops at the first one instead, and
 * *next is its index. */
int options_parse(const struct option_group *groups, int group_count, int argc, char **argv,
                  int stop_at_argument, int *next, struct option_error *err);

void options_print_help(FILE *out, const struct option_spec *specs);
/* Prints text wrapped at 80 columns, indented; the first line starts at column `at`. */
void options_print_wrapped(FILE *out, const char *text, int indent, int at);

/* Edits that turn one word into another: insert, delete, replace, swap. */
int option_distance(const char *a, const char *b);
/* Whether `b` is close enough to `a` to be suggested for it. */
int option_is_similar(const char *a, const char *b);

#endif
