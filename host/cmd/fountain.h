/* Fountain (fountain.io/syntax): as much of it as a storyboard needs, read with tolerance, for
 * people edit scripts by hand.
 *
 * Read: the title page; scene headings (INT, EXT, EST, I/E, forced with '.', numbered with #n#);
 * action, also forced with '!'. Passed over: notes, boneyard, sections, synopses, page breaks,
 * transitions, characters with their dialogue, lyrics.
 */
#ifndef M6_CMD_FOUNTAIN_H
#define M6_CMD_FOUNTAIN_H

#include <stddef.h>

#include "m6/status.h"

enum { FOUNTAIN_SCENES_MAX = 300, FOUNTAIN_BYTES_MAX = 1 << 20 };

struct fountain_scene {
    int number;    /* the heading's if it is a plain number, else the place in the script, from 1 */
    char *heading; /* "EXT. BEACH - DUSK", without number */
    char *place;   /* "BEACH" */
    char *time;    /* "DUSK", "" if the heading has none */
    char *action;  /* paragraphs joined by a space, emphasis taken off; "" if none */
};
struct fountain {
    char *title; /* "" if none */
    int count;
    struct fountain_scene *scene;
};

/* A script without any scene is an error too. */
enum m6_status fountain_parse(const char *text, struct fountain **script, struct m6_error *err);
enum m6_status fountain_read(const char *path, struct fountain **script, char **text,
                             struct m6_error *err);
void fountain_destroy(struct fountain *); /* NULL is fine */

/* {"title", "shots": [{"number", "heading", "place", "time", "action"}]}; caller deletes, NULL when
 * out of memory. */
struct cJSON *fountain_to_json(const struct fountain *);

#endif
