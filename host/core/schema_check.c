#include "core/schema.h"

#include <string.h>

static const char *const types[] = {"object", "array", "string", "number", "integer", "boolean", "null", NULL};
static const char *const notes[] = {"title", "description", "examples", "$schema", "$id", "$comment", NULL};
static const char *const counts[] = {"minLength", "maxLength", "minItems", "maxItems", NULL};
static const char *const limits[] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", NULL};

static int among(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(name, *list))
            return 1;
    return 0;
}

static enum m6_status check(const cJSON *schema, const char *where, int depth, struct m6_error *err);

static enum m6_status check_type(const cJSON *type, const char *where, struct m6_error *err)
{
    if (cJSON_IsString(type) && among(type->valuestring, types))
        return M6_OK;
    const cJSON *each;
    int names = 0;
    cJSON_ArrayForEach(each, type)
    {
        if (!cJSON_IsArray(type) || !cJSON_IsString(each) || !among(each->valuestring, types))
            return m6_fail(err, M6_ERR_FORMAT, "the schema's \"type\" of %s is none of JSON Schema's types", where);
        names++;
    }
    return names ? M6_OK : m6_fail(err, M6_ERR_FORMAT, "the schema's \"type\" of %s names no type", where);
}

static enum m6_status check_properties(const cJSON *properties, int depth, struct m6_error *err)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, properties)
    {
        enum m6_status status = check(each, each->string, depth + 1, err);
        if (status)
            return status;
    }
    return M6_OK;
}

static enum m6_status check_keyword(const cJSON *k, const cJSON *schema, const char *where, int depth, struct m6_error *err)
{
    const char *name = k->string;
    int ok = 1;
    if (!strcmp(name, "type"))
        return check_type(k, where, err);
    if (!strcmp(name, "properties"))
        return cJSON_IsObject(k) ? check_properties(k, depth, err)
                                 : m6_fail(err, M6_ERR_FORMAT, "the schema's \"properties\" of %s is no object", where);
    if (!strcmp(name, "items"))
        return check(k, where, depth + 1, err);
    if (!strcmp(name, "required")) {
        const cJSON *each, *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
        ok = cJSON_IsArray(k);
        cJSON_ArrayForEach(each, k) ok =
            ok && cJSON_IsString(each) && cJSON_GetObjectItemCaseSensitive(properties, each->valuestring);
    } else if (!strcmp(name, "enum")) {
        ok = cJSON_IsArray(k) && cJSON_GetArraySize(k) > 0;
    } else if (!strcmp(name, "additionalProperties")) {
        ok = cJSON_IsBool(k);
    } else if (among(name, counts)) {
        ok = cJSON_IsNumber(k) && k->valuedouble >= 0;
    } else if (among(name, limits)) {
        ok = cJSON_IsNumber(k);
    } else if (strcmp(name, "default") != 0 && !among(name, notes)) {
        return m6_fail(err, M6_ERR_UNSUPPORTED, "the schema of %s uses \"%s\", which this host does not check; see docs/plugins.md",
                       where, name);
    }
    return ok ? M6_OK : m6_fail(err, M6_ERR_FORMAT, "the schema's \"%s\" of %s is malformed", name, where);
}

static enum m6_status check(const cJSON *schema, const char *where, int depth, struct m6_error *err)
{
    if (!cJSON_IsObject(schema))
        return m6_fail(err, M6_ERR_FORMAT, "the schema of %s is no object", where);
    if (depth > 16)
        return m6_fail(err, M6_ERR_FORMAT, "the schema of %s is nested too deeply", where);
    const cJSON *each;
    cJSON_ArrayForEach(each, schema)
    {
        enum m6_status status = check_keyword(each, schema, where, depth, err);
        if (status)
            return status;
    }
    const cJSON *otherwise = cJSON_GetObjectItemCaseSensitive(schema, "default");
    if (!otherwise)
        return M6_OK;
    cJSON *copy = cJSON_Duplicate(otherwise, 1);
    if (!copy)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to check a schema");
    enum m6_status status = m6_schema_apply(schema, copy, err);
    cJSON_Delete(copy);
    return status ? m6_fail(err, status, "the schema's default of %s is against the schema", where) : M6_OK;
}

enum m6_status m6_schema_check(const cJSON *schema, struct m6_error *err)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    if (!cJSON_IsString(type) || strcmp(type->valuestring, "object") != 0)
        return m6_fail(err, M6_ERR_FORMAT, "the schema is not that of an object; its \"type\" must be \"object\"");
    return check(schema, "the parameters", 0, err);
}
