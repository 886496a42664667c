/* Phrases that prompts, scripts and ideas share: verbs, synonyms and the action line of a shot. */
#ifndef SW_PHRASE_H
#define SW_PHRASE_H

#include "random.h"
#include "text.h"

enum { SW_SYNONYMS = 4 };
typedef const char *const sw_synonyms[SW_SYNONYMS];

/* The first synonym half of the time, otherwise any of them. */
const char *sw_pick(struct sw_random *random, sw_synonyms row);
#define SW_PICK_ANY(random, table)                                                                 \
    ((table)[sw_random_below((random), (int)(sizeof(table) / sizeof *(table)))])

/* What a prompt will tell: attributes it leaves out are 0. */
struct sw_told {
    int colour, place, time, weather, shot, position, relation;
};
struct sw_told sw_choose_told(const struct sw_scene *scene, int full, struct sw_random *random);

const char *sw_noun(enum sw_kind kind, enum sw_lang lang, struct sw_random *random);
const char *sw_tint(enum sw_colour colour, enum sw_lang lang, struct sw_random *random);
/* "on the beach", 在海滩上 */
const char *sw_where(enum sw_place place, enum sw_lang lang, struct sw_random *random);
const char *sw_where_short(enum sw_place place, enum sw_lang lang, struct sw_random *random);
const char *sw_when(enum sw_time time, enum sw_lang lang, struct sw_random *random);
const char *sw_when_short(enum sw_time time, enum sw_lang lang, struct sw_random *random);
/* How the weather reads behind a subject; a room's weather is outside. */
const char *sw_under(const struct sw_scene *scene, enum sw_lang lang, struct sw_random *random);
const char *sw_under_short(enum sw_weather weather, enum sw_lang lang, struct sw_random *random);

/* "Wide shot. A red dog runs to the left in the rain. The camera pans right." With known, the
 * subject has been met before ("The red dog"). position != 0 tells where in the frame it is. */
void sw_add_action(struct sw_text *text, const struct sw_scene *scene, enum sw_lang lang, int known,
                   int position, struct sw_random *random);

/* Draws a motion and a camera move for a scene that has neither. */
void sw_choose_movement(struct sw_scene *scene, struct sw_random *random);

/* What a person might type to get a story of this scene; told says which attributes it names. */
void sw_add_idea(struct sw_text *text, const struct sw_scene *scene, const struct sw_told *told,
                 enum sw_lang lang, struct sw_random *random);
void sw_add_title(struct sw_text *text, const struct sw_scene *scene, enum sw_lang lang,
                  struct sw_random *random);

int sw_prompt_en(const struct sw_scene *scene, int full, struct sw_random *random, char *out,
                 size_t size);
int sw_prompt_zh(const struct sw_scene *scene, int full, struct sw_random *random, char *out,
                 size_t size);

#endif
