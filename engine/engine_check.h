/* What every model asks of a request, whatever its family. */
#ifndef M6_ENGINE_CHECK_H
#define M6_ENGINE_CHECK_H

#include "m6/engine.h"

enum { M6_TEXT_BYTES_MAX = 64 * 1024, M6_STEPS_MAX = 1000, M6_KEEP_MAX = 4096 };

enum m6_status m6_request_check(const struct m6_request_params *, struct m6_error *err);

#endif
