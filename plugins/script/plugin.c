/* Plugin "script": an idea becomes a script of shots. */
#include "script.h"

static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"idea\"], \"properties\": {"
    "\"idea\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2000},"
    "\"shots\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 12, \"default\": 4},"
    "\"lang\": {\"type\": \"string\", \"enum\": [\"en\", \"zh\"], \"default\": \"en\"},"
    "\"seed\": {\"type\": \"integer\", \"default\": 0},"
    "\"temperature\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 2, \"default\": 0.5},"
    "\"top_p\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1, \"default\": 0.9, \"description\": \"0: all words\"}}}";

static const struct m6_plugin_kind kinds[] = {
    {"script", "Writes a Fountain script of numbered shots from an idea.", schema, script_run},
};

extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI,
    .size = sizeof(struct m6_plugin),
    .name = "script",
    .version = "1.0",
    .description = "Scripts from ideas",
    .kinds = kinds,
    .kind_count = 1,
    .kind_size = sizeof(struct m6_plugin_kind),
};
