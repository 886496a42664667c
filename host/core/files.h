/* What the files of a model look like from outside, to tell whether they were replaced since. */
#ifndef M6_HOST_CORE_FILES_H
#define M6_HOST_CORE_FILES_H

#include <stdint.h>

/* Of the names, devices, inodes, sizes and times of change of a folder's JSON and safetensors files. 0: there is no model. */
uint64_t m6_model_print(const char *folder);

#endif
