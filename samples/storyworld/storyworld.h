/* Storyworld: a small world of flat 16:9 storyboard frames that knows everything about itself.
 *
 * A scene is a handful of enums. From one scene come a frame (or a short clip), its caption in
 * English and Chinese, questions with answers, prompts as a person might type them, and whole
 * scripts. All of it is a pure function of the scene and a seed: the same input gives the same
 * bytes on one build of cairo.
 *
 * Split: (subject, colour, place) combinations are hashed; one in ten is SW_HELDOUT and is never
 * generated for SW_TRAIN. A scene of two subjects belongs to SW_HELDOUT if any of its combinations
 * does, and a held-out scene always has its first subject's combination held out.
 *
 * Threads: every function is re-entrant; objects are not shared between threads without a lock.
 */
#ifndef STORYWORLD_H
#define STORYWORLD_H

#include <stddef.h>
#include <stdint.h>

enum { SW_WIDTH = 256, SW_HEIGHT = 144, SW_CLIP_FRAMES = 4, SW_LAYOUTS = 2 };

enum sw_kind {
    SW_PERSON,
    SW_DOG,
    SW_CAT,
    SW_BIRD,
    SW_HORSE,
    SW_CAR,
    SW_BUS,
    SW_BOAT,
    SW_BICYCLE,
    SW_HOUSE,
    SW_TREE,
    SW_CUP,
    SW_BAG,
    SW_KINDS
};
enum sw_colour {
    SW_RED,
    SW_ORANGE,
    SW_YELLOW,
    SW_GREEN,
    SW_BLUE,
    SW_PURPLE,
    SW_WHITE,
    SW_BLACK,
    SW_COLOURS
};
enum sw_place {
    SW_SEA,
    SW_BEACH,
    SW_FOREST,
    SW_CITY,
    SW_DESERT,
    SW_MOUNTAINS,
    SW_FIELD,
    SW_ROOM,
    SW_PLACES
};
enum sw_time { SW_DAWN, SW_DAY, SW_DUSK, SW_NIGHT, SW_TIMES };
enum sw_weather { SW_CLEAR, SW_CLOUDY, SW_RAIN, SW_SNOW, SW_WEATHERS };
enum sw_shot { SW_CLOSE, SW_MEDIUM, SW_WIDE, SW_SHOTS };
enum sw_position { SW_LEFT, SW_CENTRE, SW_RIGHT, SW_POSITIONS };
/* Two subjects: how the first stands to the second. */
enum sw_relation { SW_ALONE, SW_BESIDE, SW_IN_FRONT_OF, SW_BEHIND, SW_RELATIONS };
/* Subject motion and camera move exist in clips; a still has SW_STILL and SW_STATIC. */
enum sw_motion { SW_STILL, SW_MOVE_LEFT, SW_MOVE_RIGHT, SW_JUMP, SW_MOTIONS };
enum sw_camera { SW_STATIC, SW_PAN_LEFT, SW_PAN_RIGHT, SW_ZOOM_IN, SW_ZOOM_OUT, SW_CAMERAS };
enum sw_lang { SW_EN, SW_ZH, SW_LANGS };
enum sw_split { SW_TRAIN, SW_HELDOUT };

struct sw_subject {
    enum sw_kind kind;
    enum sw_colour colour;
    enum sw_position position;
    int faces_left;
};

struct sw_scene {
    int subjects; /* 1 or 2 */
    struct sw_subject subject[2];
    enum sw_relation relation;
    enum sw_place place;
    enum sw_time time;
    enum sw_weather weather;
    enum sw_shot shot;
    enum sw_motion motion; /* of subject[0] */
    enum sw_camera camera;
    int layout; /* which of a place's few fixed background layouts */
};

/* ---- scenes ---- */
enum sw_split sw_split_of(enum sw_kind kind, enum sw_colour colour, enum sw_place place);
/* A random scene. clip != 0 draws a motion and a camera move too. */
void sw_scene_random(struct sw_scene *scene, enum sw_split split, int clip, uint64_t seed);
/* Arranges a scene as one would draw it where nobody says how, so that its caption says all of it: a
 * subject has room to look into (from the centre it looks right), one that moves comes from the far
 * side, the first of two stands on the left, and the background is as it is, not mirrored. */
void sw_compose(struct sw_scene *scene);
/* Whether every value is in range; only such a scene can be drawn. */
int sw_scene_valid(const struct sw_scene *scene);
/* Whether subjects of this kind ever move (a house does not). */
int sw_can_move(enum sw_kind kind);
/* As JSON with enum names ("subject": "dog", …). Caller frees. NULL when out of memory. */
char *sw_scene_to_json(const struct sw_scene *scene);
/* Names as they appear in JSON and in attributes; NULL past the end. lang gives the plain word. */
const char *sw_kind_name(int kind, enum sw_lang lang);
const char *sw_colour_name(int colour, enum sw_lang lang);
const char *sw_place_name(int place, enum sw_lang lang);
const char *sw_time_name(int time, enum sw_lang lang);
const char *sw_weather_name(int weather, enum sw_lang lang);
const char *sw_shot_name(int shot, enum sw_lang lang);
const char *sw_position_name(int position, enum sw_lang lang);
const char *sw_relation_name(int relation, enum sw_lang lang);
const char *sw_motion_name(int motion, enum sw_lang lang);
const char *sw_camera_name(int camera, enum sw_lang lang);

/* ---- pictures ---- */
/* Draws a still of width×height (any size; the world is laid out in SW_WIDTH×SW_HEIGHT units) into
 * rgb (width*height*3 bytes, packed RGB, row by row). mask, if not NULL, receives width*height
 * bytes: 255 where a subject covers the pixel, 0 elsewhere. Returns 0, or -1 when out of memory,
 * when the scene is not valid or when a side is not between 1 and 8192. */
int sw_draw(const struct sw_scene *scene, int width, int height, uint8_t *rgb, uint8_t *mask);
/* Frame t of a clip, t from 0 to 1; motion and camera are applied. t = 0.5 is the still. */
int sw_draw_at(const struct sw_scene *scene, double t, int width, int height, uint8_t *rgb,
               uint8_t *mask);

/* ---- texts (each returns the length written, without the terminator; out is always terminated)
 * ---- */
enum { SW_TEXT_MAX = 1024, SW_SCRIPT_MAX = 8192 };
/* The one canonical caption, the target of captioning. With clip, it tells motion and camera too.
 */
int sw_caption(const struct sw_scene *scene, enum sw_lang lang, int clip, char *out, size_t size);
/* A prompt as people type them: from full sentences to three words, synonyms, any order, attributes
 * left out at random; never one that contradicts the scene. Never empty: names at least the first
 * subject. full != 0 keeps every attribute that a still shows. */
int sw_prompt(const struct sw_scene *scene, enum sw_lang lang, int full, uint64_t seed, char *out,
              size_t size);

/* Which attributes a text states, and whether they agree with the scene: -1 not stated, 0 wrong, 1
 * right. A synonym counts as the word. Two subjects: subject and colour are right only if both are.
 */
struct sw_score {
    int subject, colour, place, time, weather, shot, motion, relation, position, camera;
};
void sw_score_text(const struct sw_scene *truth, const char *text, enum sw_lang lang,
                   struct sw_score *score);
/* Reads what a text states into a scene (-1 cast to the enum where not stated). Returns subjects
 * found. */
int sw_parse(const char *text, enum sw_lang lang, struct sw_scene *scene);

/* Questions, at least eight types, answers balanced (a yes/no question is yes half of the time).
 * Types that need a clip are asked only with clip. */
enum sw_question {
    SW_Q_SUBJECT,
    SW_Q_COLOUR,
    SW_Q_PLACE,
    SW_Q_TIME,
    SW_Q_WEATHER,
    SW_Q_SHOT,
    SW_Q_POSITION,
    SW_Q_COUNT,
    SW_Q_IS_COLOUR,
    SW_Q_IS_SUBJECT,
    SW_Q_INDOORS,
    SW_Q_OTHER,
    SW_Q_MOTION,
    SW_Q_CAMERA,
    SW_QUESTIONS
};
const char *sw_question_name(int type);
/* Returns 0, or -1 if this type cannot be asked of this scene (then try another). */
int sw_ask(const struct sw_scene *scene, enum sw_question type, enum sw_lang lang, int clip,
           uint64_t seed, char *question, char *answer, size_t size);

/* ---- scripts ---- */
enum { SW_SHOTS_MAX = 12 };
struct sw_script {
    char idea[SW_TEXT_MAX]; /* what a person typed */
    int shots;
    struct sw_scene shot[SW_SHOTS_MAX]; /* same first subject and place throughout */
    char fountain[SW_SCRIPT_MAX];       /* the whole script, Fountain 1.1 (fountain.io/syntax) */
};
void sw_script_random(struct sw_script *script, enum sw_split split, enum sw_lang lang,
                      uint64_t seed);
/* Checks a script against the idea: parses as Fountain, has `shots` shots numbered in order, every
 * shot can be drawn (names a subject this world has), the subject and place that the idea states
 * are kept in every shot. Returns 1 if all hold; otherwise 0 and one sentence in why. */
int sw_script_valid(const char *fountain, const char *idea, int shots, enum sw_lang lang, char *why,
                    size_t size);

/* Reads the shots of a script into shots and numbers (0 where a heading has no number), up to
 * `most`: place and time from the scene heading, the rest from the action below it; what is not
 * stated is -1 as in sw_parse. Returns how many shots there are, or -1 and one sentence in why if
 * it is not Fountain. */
int sw_script_read(const char *fountain, enum sw_lang lang, struct sw_scene *shots, int *numbers,
                   int most, char *why, size_t size);

/* ---- vocabulary ---- */
/* Every word that any text above can contain, in one language, NULL past the end. English words are
 * lower case. The model's lexicon is checked against it. */
const char *sw_word(int i, enum sw_lang lang);

#endif
