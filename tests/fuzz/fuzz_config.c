#include <stdlib.h>
#include <string.h>

#include "families/m6/config.h"
#include "fuzz.h"
#include "io/json.h"
#include "text/lexicon.h"

/* An accepted configuration prints as one that reads the same. */
static void check_config(const char *text)
{
    struct m6_config a, b;
    struct m6_error err = {""};
    if (m6_config_parse(&a, text, "fuzz", &err)) {
        fuzz_check(err.text[0]);
        return;
    }
    char *printed = m6_config_print(&a, NULL, NULL);
    if (printed && m6_config_parse(&b, printed, "fuzz", &err) == M6_OK)
        fuzz_check(memcmp(&a, &b, sizeof a) == 0);
    free(printed);
    fuzz_check(m6_config_places(&a) > 0 && m6_config_patches(&a) > 0);
}

static void check_lexicon(const char *text, size_t size)
{
    cJSON *root;
    struct m6_lexicon lexicon;
    char out[64];
    int known;
    if (m6_json_parse(&root, text, size, "fuzz", NULL))
        return;
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, "lexicon");
    if (m6_lexicon_init(&lexicon, object, "fuzz", NULL) == M6_OK) {
        m6_lexicon_unknown(&lexicon, text, out, sizeof out, &known);
        m6_lexicon_finish(&lexicon);
    }
    cJSON_Delete(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    check_config(text);
    check_lexicon(text, strlen(text));
    free(text);
    return 0;
}
