#include "core/params.h"

#include <math.h>

#include "core/schema.h"

static const cJSON *get(const cJSON *params, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(params, name);
}

const char *m6_params_string(const cJSON *params, const char *name, const char *otherwise)
{
    const cJSON *value = get(params, name);
    return cJSON_IsString(value) ? value->valuestring : otherwise;
}

double m6_params_number(const cJSON *params, const char *name, double otherwise)
{
    const cJSON *value = get(params, name);
    return cJSON_IsNumber(value) ? value->valuedouble : otherwise;
}

int64_t m6_params_integer(const cJSON *params, const char *name, int64_t otherwise)
{
    const cJSON *value = get(params, name);
    long long parsed;
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value);
    if (cJSON_IsString(value) && !m6_schema_integer(value->valuestring, &parsed))
        return parsed;
    if (cJSON_IsNumber(value) && fabs(value->valuedouble) <= 9007199254740992.0)
        return (int64_t)value->valuedouble;
    return otherwise;
}

int m6_params_list(const cJSON *params, const char *name, double *out, int max)
{
    const cJSON *each;
    int n = 0;
    cJSON_ArrayForEach(each, get(params, name))
    {
        long long parsed = 0;
        if (cJSON_IsString(each) && m6_schema_integer(each->valuestring, &parsed))
            parsed = 0;
        if (n < max)
            out[n] = cJSON_IsNumber(each) ? each->valuedouble : (double)parsed;
        n++;
    }
    return n;
}
