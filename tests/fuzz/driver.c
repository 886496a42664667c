/* fuzz_NAME SECONDS FOLDER: mutates the files of a folder. The same seed gives the same inputs in the same order, so a
 * crash after N inputs repeats. Every other input is tried with an allocation failing somewhere. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"

enum { SEEDS_MAX = 64, INPUT_MAX = 1 << 16 };

/* ---- failing allocations ---- */

static long allocations_left = -1; /* -1: none fails */

static int fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

/* ---- mutations ---- */

static uint64_t state = 1;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

struct input {
    uint8_t data[INPUT_MAX];
    size_t size;
};

static void splice(struct input *in, const struct input *other)
{
    const size_t from = random_below((uint32_t)other->size + 1), at = random_below((uint32_t)in->size + 1);
    size_t count = random_below(64);
    count = count < other->size - from ? count : other->size - from;
    count = count < INPUT_MAX - at ? count : INPUT_MAX - at;
    memcpy(in->data + at, other->data + from, count);
    in->size = at + count > in->size ? at + count : in->size;
}

static void mutate(struct input *in, const struct input *other)
{
    static const char *const words[] = {"\"", "{", "}", "[", "]", ",", ":", "null", "true", "-1", "1e308", "0.5",
                                        "9007199254740993", "18446744073709551615", "\\u0000", "\\ud800", "\xff", " "};
    const char *word = words[random_below(sizeof words / sizeof *words)];
    const size_t size = in->size, at = random_below((uint32_t)size + 1), length = strlen(word);
    switch (random_below(6)) {
    case 0:
        if (at < size)
            in->data[at] ^= (uint8_t)(1u << random_below(8));
        break;
    case 1:
        if (at < size)
            in->data[at] = (uint8_t)random_below(256);
        break;
    case 2: /* cut something out */
        if (at < size) {
            const size_t count = 1 + random_below((uint32_t)(size - at < 32 ? size - at : 32));
            memmove(in->data + at, in->data + at + count, size - at - count);
            in->size -= count;
        }
        break;
    case 3:
        if (size + length < INPUT_MAX) {
            memmove(in->data + at + length, in->data + at, size - at);
            memcpy(in->data + at, word, length);
            in->size += length;
        }
        break;
    case 4:
        splice(in, other);
        break;
    default:
        if (random_below(8) == 0)
            in->size = at;
    }
}

/* ---- running ---- */

static struct input seed[SEEDS_MAX];
static int seeds;

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_seeds(const char *folder)
{
    struct dirent **entry;
    const int count = scandir(folder, &entry, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        FILE *f = entry[i]->d_name[0] != '.' && seeds < SEEDS_MAX ? fopen(path, "rb") : NULL;
        if (f) {
            seed[seeds].size = fread(seed[seeds].data, 1, INPUT_MAX, f);
            seeds++;
            fclose(f);
        }
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
    return seeds;
}

static void run(const struct input *in, long failing)
{
    uint8_t *exact = __real_malloc(in->size + !in->size); /* so that a sanitizer sees its end */
    memcpy(exact, in->data, in->size);
    allocations_left = failing;
    LLVMFuzzerTestOneInput(exact, in->size);
    allocations_left = -1;
    free(exact);
}

int main(int argc, char **argv)
{
    static struct input in;
    if (argc != 3 || !read_seeds(argv[2])) {
        fprintf(stderr, "usage: %s SECONDS FOLDER-OF-SEEDS\n", argv[0]);
        return 2;
    }
    cJSON_InitHooks(&(cJSON_Hooks){__wrap_malloc, free});
    const time_t end = time(NULL) + atol(argv[1]);
    long inputs = 0;
    for (int i = 0; i < seeds; i++) {
        run(&seed[i], -1);
        for (long failing = 0; failing < 400; failing++)
            run(&seed[i], failing);
    }
    for (; time(NULL) < end; inputs++) {
        in = seed[random_below((uint32_t)seeds)];
        for (uint32_t n = 1 + random_below(6); n > 0; n--)
            mutate(&in, &seed[random_below((uint32_t)seeds)]);
        run(&in, inputs % 2 ? (long)random_below(600) : -1);
    }
    printf("%ld inputs from %d seeds\n", inputs, seeds);
    return 0;
}
