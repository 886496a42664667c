/* Plugin "image": draws pictures from prompts.
 *
 * Seeds: candidate k of picture i is drawn with seed + i·best + k (mod 2^64), so a picture's own seed, which its metadata
 * carries, draws it again alone, with n = 1 and best = 1.
 *
 * A model is surest of its own captions. So one that can rewrite says each candidate's prompt as a caption first, making up
 * what the prompt leaves open, and draws that; the metadata tell it as "caption". Pictures that keep parts of another are
 * drawn from the prompt as it is: what is made up might contradict what is kept. */
#include "image.h"

static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"prompt\"], \"properties\": {"
    "\"prompt\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 2000},"
    "\"n\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 999, \"default\": 1, \"description\": \"how many pictures\"},"
    "\"best\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 64, \"default\": 1,"
    "  \"description\": \"candidates a picture; the one that the model finds to match best is kept\"},"
    "\"width\": {\"type\": \"integer\", \"minimum\": 16, \"maximum\": 8192, \"description\": \"default: the model's own\"},"
    "\"height\": {\"type\": \"integer\", \"minimum\": 16, \"maximum\": 8192, \"description\": \"default: the model's own\"},"
    "\"mode\": {\"type\": \"string\", \"enum\": [\"ar\", \"progressive\"], \"default\": \"progressive\"},"
    "\"steps\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 256, \"default\": 0, \"description\": \"progressive; 0: the default\"},"
    "\"guidance\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 20, \"default\": 2.5, \"description\": \"how closely to follow the prompt\"},"
    "\"verbatim\": {\"type\": \"boolean\", \"default\": false, \"description\": \"draw the prompt as it is, not the caption that the model takes it to mean\"},"
    "\"temperature\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 2, \"default\": 0.9},"
    "\"top_k\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 1000000, \"default\": 0},"
    "\"top_p\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1, \"default\": 0.9, \"description\": \"draw from the likeliest codes, until their shares add up to this; 0 or 1: from all\"},"
    "\"keep\": {\"type\": \"array\", \"items\": {\"type\": \"integer\", \"minimum\": -1000000, \"maximum\": 1000000},"
    "  \"minItems\": 4, \"maxItems\": 256, \"description\": \"x, y, w, h of each part of the input picture to keep\"},"
    "\"seed\": {\"type\": \"integer\", \"default\": 0}}}";

static const struct m6_plugin_kind kinds[] = {
    {"draw", "Draws pictures from a prompt, all of them or the parts that are not kept.", schema, draw_run},
};

extern const struct m6_plugin m6_plugin;
M6_PLUGIN_EXPORT const struct m6_plugin m6_plugin = {
    .abi = M6_PLUGIN_ABI,
    .size = sizeof(struct m6_plugin),
    .name = "image",
    .version = "1.0",
    .description = "Pictures from prompts",
    .kinds = kinds,
    .kind_count = 1,
    .kind_size = sizeof(struct m6_plugin_kind),
};
