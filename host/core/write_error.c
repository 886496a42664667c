#include "core/write_error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *m6_write_error(int error)
{
    static _Thread_local char text[160];
    int full = error == ENOSPC || error == EDQUOT;
    snprintf(text, sizeof text, "%s%s", strerror(error), full ? "; free some space or choose another folder" : "");
    return text;
}
