#include "note.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

void note(const char *name, const char *sentence)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char said[512];
    if (!*sentence)
        return;
    pthread_mutex_lock(&lock);
    if (strncmp(said, sentence, sizeof said - 1) != 0) {
        snprintf(said, sizeof said, "%s", sentence);
        fprintf(stderr, "%s: %s\n", name, sentence);
    }
    pthread_mutex_unlock(&lock);
}
