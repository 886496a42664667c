/* FFmpeg's key=value lists, token by token (av_opt_get_key_value and av_get_token). */
#ifndef M6_FILTERS_TOKEN_H
#define M6_FILTERS_TOKEN_H

#include <m6/status.h>

/* A value up to one of `ends` that is neither escaped nor quoted, unescaped, without the spaces around it. *at moves to that end. Free it; NULL: out of
 * memory. */
char *m6_token_value(const char **at, const char *ends);
/* Whether a key and "=" come next; then *key is the key (free it; NULL: out of memory) and *at what follows "=". */
int m6_token_key(const char **at, char **key);

/* A whole list: each option goes to set, its value unescaped, until one fails. A value without a name may come first if `first` is the name that it has then;
 * NULL: none may. */
enum m6_status m6_token_options(const char *text, const char *first, enum m6_status (*set)(void *arg, const char *name, const char *value, struct m6_error *),
                                void *arg, struct m6_error *);

#endif
