/* The module's one exported symbol. */
#include "queue/module.h"

#include "m6/plugin.h"

extern const struct queue_module m6_queue;
M6_PLUGIN_EXPORT const struct queue_module m6_queue = {
    .abi = QUEUE_MODULE_ABI,
    .size = sizeof(struct queue_module),
    .open = queue_open,
    .close = queue_close,
    .path = queue_path,
    .note = queue_note,
    .version = queue_version,
    .add = queue_add,
    .get = queue_get,
    .list = queue_list,
    .job_free = queue_job_free,
    .change = queue_change,
    .move = queue_move,
    .digest = queue_digest,
    .state_name = queue_state_name,
    .state_ended = queue_state_ended,
};
