#include "m6/status.h"

#include <stdarg.h>
#include <stdio.h>

enum m6_status m6_fail(struct m6_error *err, enum m6_status status, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        /* Names from files come along; a terminal must not obey them. */
        for (char *c = err->text; *c; c++)
            *c = (unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c;
    }
    return status;
}

const char *m6_status_name(enum m6_status status)
{
    switch (status) {
    case M6_OK:
        return "ok";
    case M6_ERR_ARGUMENT:
        return "argument";
    case M6_ERR_MEMORY:
        return "memory";
    case M6_ERR_IO:
        return "io";
    case M6_ERR_FORMAT:
        return "format";
    case M6_ERR_UNSUPPORTED:
        return "unsupported";
    case M6_ERR_CANCELLED:
        return "cancelled";
    case M6_ERR_LIMIT:
        return "limit";
    case M6_ERR_MODEL:
        return "model";
    case M6_ERR_INTERNAL:
        return "internal";
    case M6_ERR_LATE:
        return "late";
    }
    return "unknown";
}
