/* The header of one safetensors file, checked. */
#ifndef M6_IO_SAFETENSORS_HEADER_H
#define M6_IO_SAFETENSORS_HEADER_H

#include <cjson/cJSON.h>

#include "io/safetensors.h"

enum { M6_SHARDS_MAX = 1024, M6_HEADER_MAX = 100 * 1000 * 1000 };

/* Gives the header (caller frees with cJSON_Delete) and its tensors (caller frees), in the file's order. Names point
 * into the header, data into bytes. */
enum m6_status m6_safetensors_header(cJSON **header, struct m6_stensor **tensor, int *count, const void *bytes,
                                     size_t size, const char *name, struct m6_error *err);

#endif
