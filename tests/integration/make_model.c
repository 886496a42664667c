/* make_model FOLDER [SEED]: a small model of random weights, with pictures of the packaged one's size, for
 * tests that run without the trained one. */
#include <stdio.h>
#include <stdlib.h>

#include "families/m6/random.h"

int main(int argc, char **argv)
{
    struct m6_config config;
    struct m6_error err;
    if (argc != 2 && argc != 3) {
        fputs("usage: make_model FOLDER [SEED]\n", stderr);
        return 2;
    }
    m6_config_mini(&config);
    config.d_model = 64;
    config.layers = 2;
    config.heads = 4;
    config.ffn = 96;
    config.experts = 4;
    config.expert_ffn = 48;
    config.vocab = 512;
    config.text_max = 192;
    config.depth_ffn = 64;
    config.rewrites = 0; /* random weights would make a prompt too long to draw */
    for (int i = 0; i < 3; i++)
        config.stem[i] = 8 * (i + 1);
    for (int i = 0; i < 2; i++) {
        config.tok_channels[i] = 8 * (i + 1);
        config.tok_encoder_blocks[i] = config.tok_decoder_blocks[i] = 1;
    }
    if (m6_model_random(argv[1], &config, M6_I8, argc > 2 ? (uint64_t)atoll(argv[2]) : 1, &err)) {
        fprintf(stderr, "make_model: %s\n", err.text);
        return 1;
    }
    return 0;
}
