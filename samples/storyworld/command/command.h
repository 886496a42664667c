/* The storyworld command: options and what each subcommand does with them. */
#ifndef STORYWORLD_COMMAND_H
#define STORYWORLD_COMMAND_H

#include "storyworld.h"

struct options {
    const char *output; /* NULL: not given; "-": standard output */
    const char *idea;
    enum sw_split split;
    enum sw_lang lang;
    uint64_t seed;
    int count, columns, shots, width, height, clip, json;
    double fps, seconds, at;
};

/* Each returns the exit status. */
int command_sheet(const struct options *options);
int command_frame(const struct options *options);
int command_clip(const struct options *options);
int command_bench(const struct options *options);
int command_scene(const struct options *options);
int command_texts(const struct options *options);
int command_script(const struct options *options);
int command_parse(const struct options *options, const char *text);
int command_check(const struct options *options, const char *path);

#endif
