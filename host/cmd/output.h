/* What commands say about the files they made, to a person or to a program. */
#ifndef M6_CMD_OUTPUT_H
#define M6_CMD_OUTPUT_H

#include <cjson/cJSON.h>

#include "cmd.h"
#include "session.h"

/* Prints and deletes a JSON value; returns code, or CMD_FAILED when out of memory. */
int output_json(struct cmd_context *, cJSON *value, int code);
/* The value as text with a line end, for a file; caller frees. Deletes value. */
char *output_json_text(cJSON *value);
/* Adds "seed", "model" (its name) and, if there are any, "warnings". */
void output_add_origin(cJSON *object, const struct session *);
/* The model's name; before it is loaded, that of its folder. */
const char *output_model_name(const struct session *);

/* Whether path ends in one of "png|jpg"; otherwise reports and returns CMD_USAGE. Devices end in
 * nothing and pass. */
int output_check_type(struct cmd_context *, const char *path, const char *types);
/* For what is not text: a device or pipe is refused too. */
int output_check_regular(struct cmd_context *, const char *path, const char *types);
/* outfile_check that reports. */
int output_check(struct cmd_context *, const char *path);
/* outfile_put that reports. */
int output_put(struct cmd_context *, const char *path, const void *data, size_t size);
/* A PNG with its metadata; reports. */
int output_put_picture(struct cmd_context *, const char *path, const struct session_picture *);
/* A seed that nobody chose must not get lost: said on stderr where the result itself has no place
 * for it. */
void output_note_seed(struct cmd_context *);

#endif
