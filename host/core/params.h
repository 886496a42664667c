/* A job's parameters, as plugins read them: the same in the host and in a worker process. */
#ifndef M6_HOST_CORE_PARAMS_H
#define M6_HOST_CORE_PARAMS_H

#include <stdint.h>

#include <cjson/cJSON.h>

/* `otherwise` is what a parameter is that is missing or of another type. */
const char *m6_params_string(const cJSON *params, const char *name, const char *otherwise);
double m6_params_number(const cJSON *params, const char *name, double otherwise);
int64_t m6_params_integer(const cJSON *params, const char *name, int64_t otherwise);
int m6_params_list(const cJSON *params, const char *name, double *value, int max);

#endif
