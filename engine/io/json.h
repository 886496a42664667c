/* JSON documents from outside: cJSON's parser, and the checks that it leaves to its callers. */
#ifndef M6_IO_JSON_H
#define M6_IO_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "m6/status.h"

enum { M6_JSON_DEPTH_MAX = 64 };

/* Parses a document. Malformed text (with the byte offset), anything but white space behind it, nesting
 * deeper than M6_JSON_DEPTH_MAX and a key that occurs twice in one object are M6_ERR_FORMAT. `name` is what
 * errors call the document. Caller frees with cJSON_Delete. */
enum m6_status m6_json_parse(cJSON **out, const char *text, size_t size, const char *name,
                             struct m6_error *err);

/* Reads a whole number from min to max. A missing, fractional or outlying value is M6_ERR_FORMAT, named. */
enum m6_status m6_json_int(const cJSON *object, const char *key, long long min, long long max,
                           long long *value, const char *name, struct m6_error *err);

#endif
