/* json_check [PATH[=VALUE]]...: whether standard input is one JSON value, whether it has each PATH
 * (keys and indices parted by '.', "#" for a length) and, if given, with that VALUE. Exit status 0,
 * or 1 with what was wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static char *read_all(FILE *in)
{
    size_t size = 1 << 24;
    char *text = malloc(size + 1);
    const size_t n = text ? fread(text, 1, size, in) : 0;
    if (text)
        text[n] = '\0';
    return text;
}

static const cJSON *step(const cJSON *at, const char *key)
{
    if (cJSON_IsArray(at))
        return cJSON_GetArrayItem(at, atoi(key));
    return cJSON_GetObjectItemCaseSensitive(at, key);
}

/* The value as text: strings as they are, everything else as JSON. */
static char *as_text(const cJSON *value)
{
    return cJSON_IsString(value) ? strdup(value->valuestring) : cJSON_PrintUnformatted(value);
}

static int check(const cJSON *root, char *wanted)
{
    char *value = strchr(wanted, '='), length[16];
    const cJSON *at = root;
    if (value)
        *value++ = '\0';
    for (char *key = strtok(wanted, "."); key && at; key = strtok(NULL, ".")) {
        if (!strcmp(key, "#")) {
            snprintf(length, sizeof length, "%d", cJSON_GetArraySize(at));
            return value && strcmp(length, value)
                       ? (fprintf(stderr, "length is %s, not %s\n", length, value), 1)
                       : 0;
        }
        at = step(at, key);
        if (!at)
            fprintf(stderr, "there is no '%s'\n", key);
    }
    if (!at || !value)
        return !at;
    char *text = as_text(at);
    const int wrong = !text || strcmp(text, value) != 0;
    if (wrong)
        fprintf(stderr, "'%s' is not '%s'\n", text ? text : "", value);
    free(text);
    return wrong;
}

int main(int argc, char **argv)
{
    char *text = read_all(stdin);
    const char *end = NULL;
    cJSON *root = text ? cJSON_ParseWithOpts(text, &end, 1) : NULL;
    int wrong = !root;
    if (!root)
        fprintf(stderr, "no JSON: %.200s\n", text ? text : "");
    for (int i = 1; i < argc && root; i++)
        wrong |= check(root, argv[i]);
    cJSON_Delete(root);
    free(text);
    return wrong;
}
