/* Opens the title module once. */
#ifndef M6_CMD_TITLE_LOAD_H
#define M6_CMD_TITLE_LOAD_H

#include "m6/status.h"
#include "title/title.h"

enum m6_status title_load(const struct m6_title **, struct m6_error *);

#endif
