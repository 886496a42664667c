/* A bounded text under construction: never overruns, always terminated. */
#ifndef SW_TEXT_H
#define SW_TEXT_H

#include <stddef.h>

#include "storyworld.h"

struct sw_text {
    char *out;
    size_t size, length;
};

struct sw_text sw_text_start(char *out, size_t size);
void sw_text_add(struct sw_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Upper-cases the ASCII letter at `from`. */
void sw_text_capital(struct sw_text *text, size_t from);
int sw_text_end(struct sw_text *text);

/* "a" or "an" before an English word. */
const char *sw_article(const char *word);
/* The Chinese measure word of a kind: 只, 辆, … */
const char *sw_measure(enum sw_kind kind);
/* "on the beach", 海滩上 */
const char *sw_place_phrase(enum sw_place place, enum sw_lang lang);
/* "at dusk", 黄昏 */
const char *sw_time_phrase(enum sw_time time, enum sw_lang lang);
/* "in the rain", 雨中的 */
const char *sw_weather_phrase(enum sw_weather weather, enum sw_lang lang);
/* "on the left", 左边 */
const char *sw_position_phrase(enum sw_position position, enum sw_lang lang);
/* "beside", 旁边 */
const char *sw_relation_phrase(enum sw_relation relation, enum sw_lang lang);
/* "a red dog", 一只红色的狗 */
void sw_add_subject(struct sw_text *text, const struct sw_subject *subject, enum sw_lang lang);

#endif
