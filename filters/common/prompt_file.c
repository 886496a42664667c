#ifndef _GNU_SOURCE /* times of files to the nanosecond, also in trees that ask for an older POSIX */
#define _GNU_SOURCE
#endif
#include "prompt_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen_options.h"

/* RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
int m6_prompt_is_text(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        const int more = *s < 0x80 ? 0 : *s >= 0xc2 && *s < 0xe0 ? 1 : (*s & 0xf0) == 0xe0 ? 2 : *s >= 0xf0 && *s < 0xf5 ? 3 : -1;
        if (more < 0 || (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
            return 0;
        for (int i = 1; i <= more; i++)
            if ((s[i] & 0xc0) != 0x80)
                return 0;
        s += more + 1;
    }
    return 1;
}

static enum m6_status read_text(const char *path, int fd, char *text, struct m6_error *err)
{
    size_t n = 0;
    ssize_t got;
    while ((got = read(fd, text + n, M6_GEN_PROMPT_MAX + 1 - n)) > 0 || (got < 0 && errno == EINTR))
        n += got > 0 ? (size_t)got : 0;
    if (got < 0)
        return m6_fail(err, M6_ERR_IO, "cannot read prompt_file %.200s: %s", path, strerror(errno));
    if (n > M6_GEN_PROMPT_MAX)
        return m6_fail(err, M6_ERR_LIMIT, "prompt_file %.200s is longer than a prompt's %d bytes", path, M6_GEN_PROMPT_MAX);
    while (n && strchr(" \t\r\n", text[n - 1]))
        n--;
    text[n] = '\0';
    if (!n)
        return m6_fail(err, M6_ERR_FORMAT, "prompt_file %.200s is empty; write a prompt into it", path);
    if (strlen(text) != n || !m6_prompt_is_text(text))
        return m6_fail(err, M6_ERR_FORMAT, "prompt_file %.200s is no UTF-8 text", path);
    return M6_OK;
}

enum m6_status m6_prompt_file_read(struct m6_prompt_file *f, const char *path, int *changed, struct m6_error *err)
{
    struct stat st;
    if (changed)
        *changed = 0;
    if (stat(path, &st))
        return m6_fail(err, M6_ERR_IO, "cannot open prompt_file %.200s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return m6_fail(err, M6_ERR_IO, "prompt_file %.200s is no ordinary file", path);
    const int64_t seen[4] = {(int64_t)st.st_dev, (int64_t)st.st_ino, st.st_size, (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec};
    if (f->text && !memcmp(seen, f->seen, sizeof seen))
        return M6_OK;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return m6_fail(err, M6_ERR_IO, "cannot open prompt_file %.200s: %s", path, strerror(errno));
    char *text = malloc(M6_GEN_PROMPT_MAX + 2);
    enum m6_status status = text ? read_text(path, fd, text, err) : m6_fail(err, M6_ERR_MEMORY, "no memory for a prompt");
    close(fd);
    if (status) {
        free(text);
        return status;
    }
    if (changed)
        *changed = !f->text || strcmp(f->text, text) != 0;
    free(f->text);
    f->text = text;
    memcpy(f->seen, seen, sizeof seen);
    return M6_OK;
}

void m6_prompt_file_finish(struct m6_prompt_file *f)
{
    free(f->text);
    *f = (struct m6_prompt_file){0};
}
