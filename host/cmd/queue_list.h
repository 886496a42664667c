/* Jobs of the durable queue as people and programs read them. */
#ifndef M6_CMD_QUEUE_LIST_H
#define M6_CMD_QUEUE_LIST_H

#include <cjson/cJSON.h>

#include "queue_load.h"

cJSON *queue_list_json(const struct queue_module *, const struct queue_job *);
void queue_list_line(const struct queue_module *, const struct queue_job *, int first);
void queue_list_show(const struct queue_module *, const struct queue_job *);

#endif
