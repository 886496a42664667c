#include "families/family.h"

#include <string.h>

static const struct m6_family *const families[] = {&m6_family_m6};

const struct m6_family *m6_family_find(const char *model_type)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strcmp(families[i]->name, model_type) == 0)
            return families[i];
    return NULL;
}
