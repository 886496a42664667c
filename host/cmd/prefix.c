#include "prefix.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int prefix_path(const char *rest, char *path, size_t size)
{
    char program[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0)
        return -1;
    program[n] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            return -1;
        *slash = '\0';
    }
    const int length = snprintf(path, size, "%s/%s", program, rest);
    return length > 0 && (size_t)length < size ? 0 : -1;
}

int prefix_user_data(const char *rest, char *path, size_t size)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int length = -1;
    if (data && *data == '/')
        length = snprintf(path, size, "%s/m6/%s", data, rest);
    else if (home && *home)
        length = snprintf(path, size, "%s/.local/share/m6/%s", home, rest);
    return length > 0 && (size_t)length < size ? 0 : -1;
}
