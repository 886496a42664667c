#include "aside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_FD = 3, NICER = 5 };

static char hidden[NAME_MAX + 1], work[PATH_MAX];

void aside_init(void)
{
    const char *job = getenv("M6_JOB");
    long host;
    int at = 0;
    if (!job || sscanf(job, "%ld %255s %n", &host, hidden, &at) != 2 || !at ||
        strlen(job + at) >= sizeof work) {
        hidden[0] = '\0';
        return;
    }
    strcpy(work, job + at);
    unsetenv("M6_JOB");
    fcntl(LOCK_FD, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != (pid_t)host)
        _exit(1);
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER);
}

int aside_is_on(void)
{
    return *hidden != '\0';
}

/* Adds bytes to a list in the work folder, on the disk when it returns. */
static int add(const char *name, const char *data, size_t size)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", work, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    const ssize_t n = write(fd, data, size);
    const int failed = n != (ssize_t)size || fsync(fd),
              reason = n >= 0 && n != (ssize_t)size ? ENOSPC : errno;
    close(fd);
    errno = reason;
    return failed ? -1 : 0;
}

/* Its name is in the list before it is there, so that whoever tidies up finds it. */
static int make_folder(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    if (snprintf(path, sizeof path, "%s/%s", folder, hidden) >= (int)sizeof path - 48)
        return errno = ENAMETOOLONG, -1;
    if (!lstat(path, &st))
        return S_ISDIR(st.st_mode) && st.st_uid == geteuid() ? 0 : (errno = EEXIST, -1);
    return add("folders", folder, strlen(folder) + 1) || mkdir(path, 0700) ? -1 : 0;
}

char *aside_pattern(const char *path, const char *extension)
{
    char folder[PATH_MAX], *pattern;
    const char *slash = strrchr(path, '/');
    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                 slash ? path : ".") >= (int)sizeof folder ||
        make_folder(folder) ||
        asprintf(&pattern, "%s/%s/XXXXXX%s%.32s", folder, hidden, *extension ? "." : "",
                 extension) < 0)
        return NULL;
    return pattern;
}

int aside_note(const char *path, const char *staged, int overwrite)
{
    const size_t a = strlen(path) + 1, b = strlen(staged) + 1;
    char *record = malloc(a + b + 2);
    if (!record)
        return -1;
    memcpy(record, path, a);
    memcpy(record + a, staged, b);
    memcpy(record + a + b, overwrite ? "1" : "0", 2);
    const int rc = add("files", record, a + b + 2);
    free(record);
    return rc;
}
