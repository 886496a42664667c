/* What the files of a model look like from outside, to tell whether they were replaced since. */
#include "core/files.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static int ends_with(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a > b && !strcmp(text + a - b, end);
}

uint64_t m6_model_print(const char *folder)
{
    DIR *dir = opendir(folder);
    uint64_t sum = 0;
    int config = 0, weights = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[4096 + 256];
        struct stat st;
        const int is_weights = ends_with(e->d_name, ".safetensors");
        if (!is_weights && !ends_with(e->d_name, ".json"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (stat(path, &st) || !S_ISREG(st.st_mode))
            continue;
        config |= !strcmp(e->d_name, "config.json");
        weights |= is_weights;
        uint64_t hash = mix(mix((uint64_t)st.st_dev, (uint64_t)st.st_ino), (uint64_t)st.st_size);
        hash = mix(mix(hash, (uint64_t)st.st_mtim.tv_sec), (uint64_t)st.st_mtim.tv_nsec);
        for (const char *c = e->d_name; *c; c++)
            hash = mix(hash, (unsigned char)*c);
        sum += hash; /* folders list their files in any order */
    }
    if (dir)
        closedir(dir);
    return config && weights ? sum | 1 : 0;
}
