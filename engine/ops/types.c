#include "ops/ops.h"

static const struct {
    const char *name;
    size_t size;
} types[M6_TYPES] = {
    [M6_F32] = {"F32", 4}, [M6_BF16] = {"BF16", 2}, [M6_I8] = {"I8", 1},
    [M6_F16] = {"F16", 2}, [M6_I32] = {"I32", 4},   [M6_F64] = {"F64", 8},
};

size_t m6_type_size(enum m6_type type)
{
    return types[type].size;
}

const char *m6_type_name(enum m6_type type)
{
    return types[type].name;
}
