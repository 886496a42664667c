/* race COUNT: so many processes open a host at the same moment where there is none. All must succeed, and meet the same one. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <m6/m6.h>

/* The number behind "pid": in the status. */
static int host_pid(struct m6_client *m6)
{
    struct m6_client_event e = {.size = sizeof e};
    if (m6_ask_status(m6, NULL))
        return -1;
    while (m6_next(m6, 10000, &e) > 0 && e.type != M6_CLIENT_STATUS)
        ;
    const char *at = e.type == M6_CLIENT_STATUS ? strstr(e.text, "\"pid\":") : NULL;
    return at ? atoi(at + 6) : -1;
}

static int child(int go, int answers)
{
    struct m6_client *m6;
    struct m6_error err = {""};
    char byte;
    if (read(go, &byte, 1) < 0) /* all at once, when the other end closes */
        return 1;
    int pid = -1;
    if (m6_open(&m6, NULL, &err))
        fprintf(stderr, "race: %s\n", err.text);
    else
        pid = host_pid(m6);
    const int sent = write(answers, &pid, sizeof pid) == sizeof pid;
    if (pid > 0)
        m6_close(m6);
    return pid > 0 && sent ? 0 : 1;
}

int main(int argc, char **argv)
{
    const int count = argc > 1 ? atoi(argv[1]) : 16;
    int go[2], answers[2], first = 0, same = 1, failed = 0, status;
    if (pipe(go) || pipe(answers))
        return 2;
    for (int i = 0; i < count; i++) {
        if (!fork()) {
            close(go[1]);
            _exit(child(go[0], answers[1]));
        }
    }
    usleep(50000);
    close(go[1]);
    for (int i = 0; i < count; i++) {
        int pid = -1;
        if (read(answers[0], &pid, sizeof pid) != sizeof pid || pid < 0)
            failed++;
        else if (!first)
            first = pid;
        else
            same &= pid == first;
    }
    while (wait(&status) > 0)
        failed += status != 0;
    printf("%d\n", first);
    if (failed || !same)
        fprintf(stderr, "race: %d failed, %s\n", failed, same ? "one host" : "several hosts");
    return failed || !same;
}
