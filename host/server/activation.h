/* What systemd hands to a service and hears from it, without libsystemd: sd_listen_fds(3) and sd_notify(3). */
#ifndef M6_HOST_SERVER_ACTIVATION_H
#define M6_HOST_SERVER_ACTIVATION_H

#include <stddef.h>

/* The socket that was opened for this process, with its path; -1 if there is none. The variables are taken out of the environment. */
int activation_listener(char *path, size_t size);
/* Says "READY=1" or the like to whoever asked to hear it. */
void activation_notify(const char *state);

#endif
