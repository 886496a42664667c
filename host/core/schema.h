/* The subset of JSON Schema (2020-12) that plugins describe their parameters with.
 *
 * Understood: type (one name or a list), properties, required, enum, minimum, maximum, exclusiveMinimum, exclusiveMaximum,
 * minLength, maxLength (characters), additionalProperties: false, items, minItems, maxItems, default. Ignored: title,
 * description, examples, $schema, $id, $comment. A schema with any other keyword is refused, lest it promise what nobody checks.
 *
 * One liberty: an "integer" may also come as a decimal string, since JSON numbers lose precision past 2^53.
 */
#ifndef M6_HOST_CORE_SCHEMA_H
#define M6_HOST_CORE_SCHEMA_H

#include <cjson/cJSON.h>

#include "m6/status.h"

/* Whether a schema is one of an object, and in the subset. */
enum m6_status m6_schema_check(const cJSON *schema, struct m6_error *);
/* Checks a value and adds the defaults of what is missing. The sentence names the parameter, what was given and what is
 * allowed. */
enum m6_status m6_schema_apply(const cJSON *schema, cJSON *value, struct m6_error *);

/* Reads a whole decimal number that fits 64 bits, signed or not (then the same bits). Returns 0, or -1. */
int m6_schema_integer(const char *text, long long *out);

#endif
