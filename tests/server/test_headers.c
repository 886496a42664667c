/* The layout of libm6's structs as committed: what is here must never change, only grow behind. (LP64) */
#include <m6/m6.h>

#include <stdio.h>

#define AT(type, field, offset) _Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, size) _Static_assert(sizeof(struct type) >= (size), #type " has shrunk")

#if UINTPTR_MAX == UINT64_MAX
AT(m6_client_picture, width, 0);
AT(m6_client_picture, stride, 8);
AT(m6_client_picture, rgb, 16);
AT(m6_client_picture, fd, 24);
AT(m6_client_picture, metadata, 32);
AT(m6_client_event, type, 8);
AT(m6_client_event, job, 16);
AT(m6_client_event, status, 24);
AT(m6_client_event, text, 32);
AT(m6_client_event, done, 40);
AT(m6_client_event, total, 48);
AT(m6_client_event, ahead, 56);
AT(m6_client_event, start, 64);
AT(m6_client_event, end, 72);
AT(m6_client_event, time_base, 80);
AT(m6_client_event, picture, 88);
AT(m6_client_event, hash, 128);
AT(m6_client_event, refused, 136);
AT(m6_open_params, host, 8);
AT(m6_open_params, name, 16);
AT(m6_open_params, autostart, 24);
AT(m6_open_params, timeout_ms, 28);
AT(m6_open_params, reconnect, 32);
AT(m6_open_params, event, 40);
AT(m6_open_params, arg, 48);
AT(m6_open_params, background, 56);
AT(m6_client_frame, format, 8);
AT(m6_client_frame, width, 16);
AT(m6_client_frame, height, 20);
AT(m6_client_frame, stride, 24);
AT(m6_client_frame, pts, 32);
AT(m6_client_frame, duration, 40);
AT(m6_client_frame, buffer, 48);
AT(m6_client_frame, offset, 56);
AT(m6_client_frame, data, 64);
AT(m6_client_input, path, 8);
AT(m6_client_input, frames, 16);
AT(m6_client_input, frame_count, 24);
AT(m6_client_input, time_base, 28);
AT(m6_client_job, kind, 8);
AT(m6_client_job, params, 16);
AT(m6_client_job, inputs, 24);
AT(m6_client_job, input_count, 32);
AT(m6_client_job, priority, 36);
AT(m6_client_job, deadline_ms, 40);
SIZE(m6_client_event, 144);
SIZE(m6_open_params, 64);
SIZE(m6_client_frame, 72);
SIZE(m6_client_input, 40);
SIZE(m6_client_job, 48);
#endif

_Static_assert(M6_CLIENT_ACCEPTED == 1 && M6_CLIENT_DONE == 8 && M6_CLIENT_STATUS == 13, "an event has another number");

int main(void)
{
    printf("libm6 API %d\n", m6_api_version());
    return m6_api_version() == M6_API_VERSION ? 0 : 1;
}
