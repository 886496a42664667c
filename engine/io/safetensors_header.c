#include "io/safetensors_header.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"

/* JSON numbers arrive as doubles: whole ones are exact up to here. */
#define EXACT_MAX 9007199254740992.0

static int whole(const cJSON *item, uint64_t *value)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || !(item->valuedouble <= EXACT_MAX) ||
        floor(item->valuedouble) != item->valuedouble)
        return 0;
    *value = (uint64_t)item->valuedouble;
    return 1;
}

static enum m6_status read_type(struct m6_stensor *t, const cJSON *entry, const char *name, struct m6_error *err)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    for (int i = 0; type && i < M6_TYPES; i++)
        if (strcmp(type, m6_type_name((enum m6_type)i)) == 0) {
            t->type = (enum m6_type)i;
            return M6_OK;
        }
    return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s has the unknown type \"%.20s\"", name, t->name,
                   type ? type : "");
}

/* Gives the bytes that the shape and type ask for. */
static enum m6_status read_shape(struct m6_stensor *t, const cJSON *entry, uint64_t *bytes, const char *name,
                                 struct m6_error *err)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    if (!cJSON_IsArray(shape))
        return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s has no shape", name, t->name);
    *bytes = m6_type_size(t->type);
    for (const cJSON *dim = shape->child; dim; dim = dim->next) {
        uint64_t n;
        if (t->dims == M6_DIMS_MAX)
            return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s has more than %d dimensions", name, t->name,
                           M6_DIMS_MAX);
        if (!whole(dim, &n))
            return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s has a dimension that is no whole number", name,
                           t->name);
        if (__builtin_mul_overflow(*bytes, n, bytes) || *bytes > (uint64_t)INT64_MAX)
            return m6_fail(err, M6_ERR_FORMAT, "%s: the shape of tensor %.100s overflows", name, t->name);
        t->dim[t->dims++] = (int64_t)n;
    }
    return M6_OK;
}

static enum m6_status read_tensor(struct m6_stensor *t, const cJSON *entry, const uint8_t *data, size_t size,
                                  const char *name, struct m6_error *err)
{
    *t = (struct m6_stensor){.name = entry->string};
    if (!*t->name)
        return m6_fail(err, M6_ERR_FORMAT, "%s has a tensor without a name", name);
    if (!cJSON_IsObject(entry))
        return m6_fail(err, M6_ERR_FORMAT, "%s: the entry of tensor %.100s is no object", name, t->name);
    uint64_t bytes = 0, begin = 0, end = 0;
    enum m6_status status = read_type(t, entry, name, err);
    if (!status)
        status = read_shape(t, entry, &bytes, name, err);
    if (status)
        return status;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 || !whole(offsets->child, &begin) ||
        !whole(offsets->child->next, &end) || begin > end)
        return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s has malformed data_offsets", name, t->name);
    if (end > size)
        return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s runs to byte %llu of %zu bytes of data", name, t->name,
                       (unsigned long long)end, size);
    if (end - begin != bytes)
        return m6_fail(err, M6_ERR_FORMAT, "%s: tensor %.100s needs %llu bytes and is given %llu", name, t->name,
                       (unsigned long long)bytes, (unsigned long long)(end - begin));
    t->data = data + begin;
    t->bytes = (size_t)bytes;
    return M6_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct m6_stensor *x = a, *y = b;
    const uint8_t *p = x->data, *q = y->data;
    if (p != q)
        return p < q ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* Sorts the tensors by place; together they must cover the data exactly once. */
static enum m6_status check_cover(struct m6_stensor *tensor, int count, const uint8_t *data, size_t size,
                                  const char *name, struct m6_error *err)
{
    if (count)
        qsort(tensor, (size_t)count, sizeof *tensor, by_place);
    const uint8_t *at = data;
    for (int i = 0; i < count; i++) {
        const uint8_t *begin = tensor[i].data;
        if (begin < at)
            return m6_fail(err, M6_ERR_FORMAT, "%s: tensors %.100s and %.100s overlap", name,
                           tensor[i > 0 ? i - 1 : 0].name, tensor[i].name);
        if (begin > at)
            return m6_fail(err, M6_ERR_FORMAT, "%s has a gap of %zu bytes before tensor %.100s", name,
                           (size_t)(begin - at), tensor[i].name);
        at = begin + tensor[i].bytes;
    }
    if (at != data + size)
        return m6_fail(err, M6_ERR_FORMAT, "%s has %zu bytes behind its last tensor", name, (size_t)(data + size - at));
    return M6_OK;
}

static enum m6_status check_metadata(const cJSON *entry, const char *name, struct m6_error *err)
{
    if (!cJSON_IsObject(entry))
        return m6_fail(err, M6_ERR_FORMAT, "%s: __metadata__ is no object", name);
    for (const cJSON *item = entry->child; item; item = item->next)
        if (!cJSON_IsString(item))
            return m6_fail(err, M6_ERR_FORMAT, "%s: __metadata__ \"%.100s\" is no string", name, item->string);
    return M6_OK;
}

static enum m6_status read_entries(const cJSON *root, struct m6_stensor **tensor, int *count, const uint8_t *data,
                                   size_t size, const char *name, struct m6_error *err)
{
    if (!cJSON_IsObject(root))
        return m6_fail(err, M6_ERR_FORMAT, "%s: the header is no object", name);
    *tensor = calloc((size_t)cJSON_GetArraySize(root) + 1, sizeof **tensor);
    if (!*tensor)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the tensors of %s", name);
    for (const cJSON *entry = root->child; entry; entry = entry->next) {
        enum m6_status status;
        if (strcmp(entry->string, "__metadata__") == 0)
            status = check_metadata(entry, name, err);
        else
            status = read_tensor(&(*tensor)[(*count)++], entry, data, size, name, err);
        if (status)
            return status;
    }
    return check_cover(*tensor, *count, data, size, name, err);
}

enum m6_status m6_safetensors_header(cJSON **header, struct m6_stensor **tensor, int *count, const void *bytes,
                                     size_t size, const char *name, struct m6_error *err)
{
    const uint8_t *p = bytes;
    *header = NULL;
    *tensor = NULL;
    *count = 0;
    if (size < 8)
        return m6_fail(err, M6_ERR_FORMAT, "%s is too short for a safetensors file (%zu bytes)", name, size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | p[i];
    if (length > M6_HEADER_MAX)
        return m6_fail(err, M6_ERR_FORMAT, "%s: a header of %llu bytes is over the limit of %d: no safetensors file?",
                       name, (unsigned long long)length, M6_HEADER_MAX);
    if (length > size - 8)
        return m6_fail(err, M6_ERR_FORMAT, "%s is cut short: a header of %llu bytes in a file of %zu", name,
                       (unsigned long long)length, size);
    if (!length || p[8] != '{')
        return m6_fail(err, M6_ERR_FORMAT, "%s: the header does not begin with '{'", name);
    enum m6_status status = m6_json_parse(header, (const char *)p + 8, (size_t)length, name, err);
    if (!status)
        status = read_entries(*header, tensor, count, p + 8 + length, size - 8 - (size_t)length, name, err);
    if (status) {
        cJSON_Delete(*header);
        free(*tensor);
        *header = NULL;
        *tensor = NULL;
    }
    return status;
}
