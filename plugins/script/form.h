/* The form of a script, line by line, as in Fountain 1.1 (fountain.io/syntax):
 *
 *     Title: A CAT BY THE SEA
 *
 *     EXT. BEACH - DUSK #1#
 *
 *     A white cat walks along the beach.
 *
 *     EXT. BEACH - NIGHT #2#
 *     …
 * The form is the plugin's: numbers, blank lines, how many shots. The words are the model's. */
#ifndef M6_PLUGIN_SCRIPT_FORM_H
#define M6_PLUGIN_SCRIPT_FORM_H

#include <stddef.h>

enum form_part { FORM_TITLE, FORM_HEADING, FORM_ACTION, FORM_END };
enum { FORM_LINE_MAX = 600 };

struct form {
    enum form_part next;
    int shot, shots; /* the shot that the next line belongs to, from 1 */
    char opening[12]; /* of the last heading: "EXT." */
};

void form_start(struct form *, int shots);
/* Takes the next line that has something in it. Writes what is put down for it, with the blank lines and line breaks around,
 * to out, and goes on to the next part. Returns 0; or -1 when the line is not what belongs here, and nothing changes. */
int form_take(struct form *, const char *line, char *out, size_t size);
/* What the next line has to begin with, "" if anything will do: for a model that does not find it by itself. */
const char *form_lead(const struct form *);
/* "the title", "the heading of shot 2", … */
const char *form_name(const struct form *, char *out, size_t size);

#endif
