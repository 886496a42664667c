/* make_model FOLDER: a model of the packaged shape with random weights, for tests that run without
 * the trained one. */
#include <stdio.h>

#include "families/m6/random.h"

int main(int argc, char **argv)
{
    struct m6_config config;
    struct m6_error err;
    if (argc != 2) {
        fputs("usage: make_model FOLDER\n", stderr);
        return 2;
    }
    m6_config_mini(&config);
    if (m6_model_random(argv[1], &config, M6_I8, 1, &err)) {
        fprintf(stderr, "make_model: %s\n", err.text);
        return 1;
    }
    return 0;
}
