/* Presets: named sets of options for a command, as JSON files checked against
 * presets/preset.schema.json. */
#ifndef M6_CMD_PRESET_H
#define M6_CMD_PRESET_H

#include <cjson/cJSON.h>

#include "cmd.h"

/* Reads a preset by name or path and sets the options that it gives in base. *keep owns the strings
 * that base then points to; delete it last. Returns 0, or an exit code after reporting. */
int preset_apply(struct cmd_context *, const char *name, const struct option_spec *specs,
                 void *base, cJSON **keep);

#endif
