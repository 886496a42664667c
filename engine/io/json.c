#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorting keeps a vocabulary of a hundred thousand keys from costing its square. */
static enum m6_status check_keys(const cJSON *object, const char *name, struct m6_error *err)
{
    size_t count = 0;
    for (const cJSON *item = object->child; item; item = item->next)
        count++;
    if (count < 2)
        return M6_OK;
    const char **key = malloc(count * sizeof *key);
    if (!key)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to check the keys of %s", name);
    count = 0;
    for (const cJSON *item = object->child; item; item = item->next)
        key[count++] = item->string;
    qsort(key, count, sizeof *key, compare_keys);
    enum m6_status status = M6_OK;
    for (size_t i = 1; i < count && !status; i++)
        if (strcmp(key[i - 1], key[i]) == 0)
            status = m6_fail(err, M6_ERR_FORMAT, "%s has the key \"%.100s\" twice in one object", name, key[i]);
    free(key);
    return status;
}

static enum m6_status check(const cJSON *item, int depth, const char *name, struct m6_error *err)
{
    if (depth > M6_JSON_DEPTH_MAX)
        return m6_fail(err, M6_ERR_FORMAT, "%s is nested deeper than %d levels", name, M6_JSON_DEPTH_MAX);
    enum m6_status status = M6_OK;
    if (cJSON_IsObject(item))
        status = check_keys(item, name, err);
    for (const cJSON *child = item->child; child && !status; child = child->next)
        if (child->child)
            status = check(child, depth + 1, name, err);
    return status;
}

enum m6_status m6_json_parse(cJSON **out, const char *text, size_t size, const char *name,
                             struct m6_error *err)
{
    const char *end = NULL;
    *out = NULL;
    /* cJSON reads a length of 0 as a missing argument, and then leaves `end` unset. */
    cJSON *root = size ? cJSON_ParseWithLengthOpts(text, size, &end, 0) : NULL;
    if (!root)
        return m6_fail(err, M6_ERR_FORMAT, "%s is not valid JSON (at byte %zu of %zu)", name,
                       end && end >= text ? (size_t)(end - text) : 0, size);
    size_t at = (size_t)(end - text);
    while (at < size && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
        at++;
    enum m6_status status;
    if (at != size)
        status = m6_fail(err, M6_ERR_FORMAT, "%s has something behind its JSON document, at byte %zu", name, at);
    else
        status = check(root, 1, name, err);
    if (status) {
        cJSON_Delete(root);
        return status;
    }
    *out = root;
    return M6_OK;
}

enum m6_status m6_json_int(const cJSON *object, const char *key, long long min, long long max,
                           long long *value, const char *name, struct m6_error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item)
        return m6_fail(err, M6_ERR_FORMAT, "%s lacks \"%s\"", name, key);
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= (double)min) || !(item->valuedouble <= (double)max) ||
        floor(item->valuedouble) != item->valuedouble)
        return m6_fail(err, M6_ERR_FORMAT, "%s: \"%s\" must be a whole number from %lld to %lld", name, key, min,
                       max);
    *value = (long long)item->valuedouble;
    return M6_OK;
}
