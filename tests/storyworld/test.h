/* What every storyworld test includes. */
#ifndef STORYWORLD_TEST_H
#define STORYWORLD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storyworld.h"

#endif
