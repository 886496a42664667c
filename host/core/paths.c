/* Where things are. A build tree and an installed prefix have one layout:
 *     bin/m6   lib/m6/m6media.so   lib/m6/plugins/   libexec/m6/   share/m6/models/NAME/   share/m6/presets/NAME.json
 * so everything is found from the running program. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host.h"

static int is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int is_file(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode);
}

__attribute__((format(printf, 3, 4))) static int put(char *path, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(path, size, format, args);
    va_end(args);
    return n >= 0 && (size_t)n < size ? 0 : -1;
}

/* The variable's value, or NULL when it is unset or empty. */
static const char *from_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The nearest folder above the program that has lib/m6: it may run from bin/ or libexec/m6/. */
static int prefix(char *path, size_t size)
{
    char exe[PATH_MAX], lib[PATH_MAX + 16];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n <= 0)
        return -1;
    exe[n] = '\0';
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(exe, '/');
        if (!slash)
            return -1;
        *slash = '\0';
        snprintf(lib, sizeof lib, "%s/lib/m6", exe);
        if (up && is_folder(lib))
            return put(path, size, "%s", exe);
    }
    return -1;
}

static int beside(char *path, size_t size, const char *rest)
{
    char base[PATH_MAX];
    return prefix(base, sizeof base) ? -1 : put(path, size, "%s/%s", base, rest);
}

/* $XDG_DATA_HOME/m6, as the base directory specification has it. */
static int user_data(char *path, size_t size)
{
    const char *data = from_env("XDG_DATA_HOME"), *home = from_env("HOME");
    if (data && data[0] == '/')
        return put(path, size, "%s/m6", data);
    return home ? put(path, size, "%s/.local/share/m6", home) : -1;
}

static int is_model(const char *path)
{
    char config[PATH_MAX + 16];
    snprintf(config, sizeof config, "%s/config.json", path);
    return is_file(config);
}

/* A plain name: no folder, nothing hidden. */
static int is_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 256;
}

int m6_find_models(int i, char *path, size_t size)
{
    char base[PATH_MAX];
    if (i == 0)
        return user_data(base, sizeof base) ? -1 : put(path, size, "%s/models", base);
    return i == 1 ? beside(path, size, "share/m6/models") : -1;
}

int m6_find_model(const char *name, char *path, size_t size)
{
    char base[PATH_MAX];
    if (!name || !*name)
        name = from_env("M6_MODEL") ? from_env("M6_MODEL") : "m6-mini";
    if (strchr(name, '/'))
        return is_folder(name) ? put(path, size, "%s", name) : -1;
    for (int i = 0; is_name(name) && i < M6_MODEL_FOLDERS; i++)
        if (!m6_find_models(i, base, sizeof base) && !put(path, size, "%s/%s", base, name) && is_model(path))
            return 0;
    return is_model(name) ? put(path, size, "%s", name) : -1;
}

int m6_find_plugins(char *path, size_t size)
{
    const char *given = from_env("M6_PLUGIN_PATH");
    if (given)
        return put(path, size, "%s", given);
    char own[PATH_MAX], user[PATH_MAX];
    if (m6_find_own_plugins(own, sizeof own))
        return -1;
    return user_data(user, sizeof user) ? put(path, size, "%s", own) : put(path, size, "%s:%s/plugins", own, user);
}

int m6_find_own_plugins(char *path, size_t size)
{
    return beside(path, size, "lib/m6/plugins") || !is_folder(path) ? -1 : 0;
}

int m6_find_module(const char *file, char *path, size_t size)
{
    char base[PATH_MAX];
    if (!is_name(file) || prefix(base, sizeof base) || put(path, size, "%s/lib/m6/%s", base, file))
        return -1;
    return is_file(path) ? 0 : -1;
}

int m6_find_media(char *path, size_t size)
{
    const char *given = from_env("M6_MEDIA");
    if (given)
        return is_file(given) ? put(path, size, "%s", given) : -1;
    return m6_find_module("m6media.so", path, size);
}

int m6_find_libexec(const char *program, char *path, size_t size)
{
    const char *given = from_env("M6_LIBEXEC");
    char base[PATH_MAX];
    if (!is_name(program))
        return -1;
    if (given ? put(base, sizeof base, "%s", given) : beside(base, sizeof base, "libexec/m6"))
        return -1;
    return put(path, size, "%s/%s", base, program) || access(path, X_OK) || !is_file(path) ? -1 : 0;
}

int m6_find_shared(const char *rest, char *path, size_t size)
{
    char base[PATH_MAX];
    return prefix(base, sizeof base) || put(path, size, "%s/share/m6/%s", base, rest) || !is_file(path) ? -1 : 0;
}

/* NAME or NAME.json in one folder. */
static int preset_in(const char *folder, size_t length, const char *name, char *path, size_t size)
{
    for (int i = 0; i < 2; i++)
        if (!put(path, size, "%.*s/%s%s", (int)length, folder, name, i ? "" : ".json") && is_file(path))
            return 0;
    return -1;
}

int m6_find_preset(const char *name, char *path, size_t size)
{
    char base[PATH_MAX];
    if (strchr(name, '/'))
        return is_file(name) ? put(path, size, "%s", name) : -1;
    if (!is_name(name))
        return -1;
    for (const char *each = from_env("M6_PRESET_PATH"); each && *each;) {
        size_t length = strcspn(each, ":");
        if (length && !preset_in(each, length, name, path, size))
            return 0;
        each += length + (each[length] == ':');
    }
    if (!user_data(base, sizeof base) && strlen(base) + 9 < sizeof base &&
        !preset_in(strcat(base, "/presets"), strlen(base), name, path, size))
        return 0;
    if (!beside(base, sizeof base, "share/m6/presets") && !preset_in(base, strlen(base), name, path, size))
        return 0;
    return is_file(name) ? put(path, size, "%s", name) : -1;
}
