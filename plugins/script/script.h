/* Kind "script". */
#ifndef M6_PLUGIN_SCRIPT_H
#define M6_PLUGIN_SCRIPT_H

#include "m6/plugin.h"

int script_run(const struct m6_host_services *, struct m6_host *, struct m6_job *);

#endif
