#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"
#include "io/safetensors.h"

static cJSON *entry_of(const struct m6_stensor *t, uint64_t begin)
{
    cJSON *entry = cJSON_CreateObject(), *shape, *offsets;
    if (!entry || !cJSON_AddStringToObject(entry, "dtype", m6_type_name(t->type)) ||
        !(shape = cJSON_AddArrayToObject(entry, "shape")) ||
        !(offsets = cJSON_AddArrayToObject(entry, "data_offsets"))) {
        cJSON_Delete(entry);
        return NULL;
    }
    int ok = 1;
    for (int i = 0; i < t->dims; i++)
        ok &= cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)t->dim[i]));
    ok &= cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)begin));
    ok &= cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)(begin + t->bytes)));
    if (!ok) {
        cJSON_Delete(entry);
        return NULL;
    }
    return entry;
}

static int shape_fits(const struct m6_stensor *t)
{
    uint64_t bytes = m6_type_size(t->type);
    if (t->dims < 0 || t->dims > M6_DIMS_MAX)
        return 0;
    for (int i = 0; i < t->dims; i++)
        if (t->dim[i] < 0 || __builtin_mul_overflow(bytes, (uint64_t)t->dim[i], &bytes))
            return 0;
    return bytes == t->bytes;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum m6_status check_tensors(const struct m6_stensor *tensor, int count, const char *path,
                                    struct m6_error *err)
{
    const char **name = malloc(((size_t)count + 1) * sizeof *name);
    if (!name)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to write %s", path);
    enum m6_status status = M6_OK;
    for (int i = 0; i < count; i++) {
        name[i] = tensor[i].name;
        if (!shape_fits(&tensor[i]))
            status = m6_fail(err, M6_ERR_ARGUMENT, "the shape of tensor %s does not fit its %zu bytes", name[i],
                             tensor[i].bytes);
    }
    qsort(name, (size_t)count, sizeof *name, compare_names);
    for (int i = 1; i < count; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            status = m6_fail(err, M6_ERR_ARGUMENT, "two tensors for %s are named %s", path, name[i]);
    free(name);
    return status;
}

/* The length and the text, padded with blanks so that the data begins on a multiple of 64. */
static char *header_of(const struct m6_stensor *tensor, int count, const char *const *metadata, size_t *size)
{
    cJSON *root = cJSON_CreateObject();
    int ok = root != NULL;
    if (ok && metadata && metadata[0]) {
        cJSON *object = cJSON_AddObjectToObject(root, "__metadata__");
        ok = object != NULL;
        for (; ok && metadata[0]; metadata += 2)
            ok = cJSON_AddStringToObject(object, metadata[0], metadata[1]) != NULL;
    }
    uint64_t begin = 0;
    for (int i = 0; ok && i < count; i++) {
        cJSON *entry = entry_of(&tensor[i], begin);
        ok = cJSON_AddItemToObject(root, tensor[i].name, entry);
        if (!ok)
            cJSON_Delete(entry);
        begin += tensor[i].bytes;
    }
    char *text = ok ? cJSON_PrintUnformatted(root) : NULL;
    cJSON_Delete(root);
    if (!text)
        return NULL;
    const size_t length = strlen(text), whole = (8 + length + 63) / 64 * 64;
    char *header = malloc(whole);
    if (header) {
        memset(header, ' ', whole);
        for (int i = 0; i < 8; i++)
            header[i] = (char)((uint64_t)(whole - 8) >> (8 * i) & 255);
        memcpy(header + 8, text, length);
        *size = whole;
    }
    cJSON_free(text);
    return header;
}

enum m6_status m6_safetensors_write(const char *path, const struct m6_stensor *tensor, int count,
                                    const char *const *metadata, struct m6_error *err)
{
    enum m6_status status = check_tensors(tensor, count, path, err);
    if (status)
        return status;
    size_t size = 0;
    char *header = header_of(tensor, count, metadata, &size);
    struct m6_bytes *piece = calloc((size_t)count + 1, sizeof *piece);
    if (header && piece) {
        piece[0] = (struct m6_bytes){header, size};
        for (int i = 0; i < count; i++)
            piece[i + 1] = (struct m6_bytes){tensor[i].data, tensor[i].bytes};
        status = m6_file_write(path, piece, count + 1, err);
    } else {
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to write %s", path);
    }
    free(header);
    free(piece);
    return status;
}
