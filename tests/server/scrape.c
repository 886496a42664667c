/* scrape get PLACE [REQUEST]   asks a host for its metrics (unix:PATH or 127.0.0.1:PORT) and prints the whole answer
 * scrape hold PLACE N          N connections that send half a request and then nothing, until killed; says when they stand
 * scrape check                 whether standard input is the text format 0.0.4, read strictly; prints how many samples it has */
#include <arpa/inet.h>
#include <ctype.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- asking ---- */

static int dial(const char *place)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *address = (struct sockaddr *)&v4;
    socklen_t size = sizeof v4;
    const char *colon = strrchr(place, ':');
    if (!strncmp(place, "unix:", 5)) {
        snprintf(local.sun_path, sizeof local.sun_path, "%s", place + 5);
        address = (struct sockaddr *)&local;
        size = sizeof local;
    } else if (place[0] == '[') {
        v6.sin6_port = htons((uint16_t)atoi(colon + 1));
        address = (struct sockaddr *)&v6;
        size = sizeof v6;
    } else {
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        v4.sin_port = htons((uint16_t)atoi(colon ? colon + 1 : place));
    }
    const int fd = socket(address->sa_family, SOCK_STREAM, 0);
    return fd >= 0 && !connect(fd, address, size) ? fd : -1;
}

static int get(const char *place, const char *request)
{
    char text[65536];
    const int fd = dial(place);
    ssize_t n;
    size_t got = 0;
    if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        perror("scrape");
        return 1;
    }
    while ((n = read(fd, text, sizeof text)) > 0)
        got += fwrite(text, 1, (size_t)n, stdout);
    close(fd);
    return !got;
}

static int hold(const char *place, int count)
{
    for (int i = 0; i < count; i++) {
        const int fd = dial(place);
        if (fd < 0 || write(fd, "GET /me", 7) != 7)
            return 1;
    }
    puts("held");
    fflush(stdout);
    pause();
    return 0;
}

/* ---- checking ---- */

enum { FAMILIES = 200, SERIES = 20000 };

struct family {
    char name[128], type[16];
    int closed;
};
struct series {
    char name[128], labels[512], le[64];
    double value;
};

static struct family family[FAMILIES];
static struct series series[SERIES];
static int families, count, number;

__attribute__((noreturn)) static void wrong(const char *what, const char *line)
{
    fprintf(stderr, "line %d: %s: %s\n", number, what, line);
    exit(1);
}

/* [a-zA-Z_:][a-zA-Z0-9_:]* for a metric; labels have no colon. */
static const char *name_end(const char *p, int colon)
{
    if (!isalpha((unsigned char)*p) && *p != '_' && !(colon && *p == ':'))
        return NULL;
    while (isalnum((unsigned char)*p) || *p == '_' || (colon && *p == ':'))
        p++;
    return p;
}

static int ends_with(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a > b && !strcmp(text + a - b, end);
}

static void read_comment(const char *line)
{
    char word[8], name[128], rest[512];
    if (sscanf(line, "# %7s %127s %511[^\n]", word, name, rest) != 3)
        wrong("a comment that is neither HELP nor TYPE", line);
    const char *end = name_end(name, 1);
    if (!end || *end)
        wrong("no name of a metric", line);
    if (!strcmp(word, "HELP")) {
        for (int i = 0; i < families; i++)
            if (!strcmp(family[i].name, name))
                wrong("a second HELP", line);
        if (families)
            family[families - 1].closed = 1;
        snprintf(family[families++].name, sizeof family[0].name, "%s", name);
    } else if (!strcmp(word, "TYPE")) {
        struct family *f = families ? &family[families - 1] : NULL;
        if (!f || strcmp(f->name, name) != 0 || f->type[0])
            wrong("a TYPE that does not follow its HELP", line);
        if (strcmp(rest, "counter") != 0 && strcmp(rest, "gauge") != 0 && strcmp(rest, "histogram") != 0)
            wrong("an unknown type", line);
        if (ends_with(name, "_total") != !strcmp(rest, "counter"))
            wrong("counters end in _total, and nothing else does", line);
        if (ends_with(name, "_bucket") || ends_with(name, "_sum") || ends_with(name, "_count"))
            wrong("a name that is a histogram's part", line);
        snprintf(f->type, sizeof f->type, "%.15s", rest);
    } else {
        wrong("a comment that is neither HELP nor TYPE", line);
    }
}

static const char *read_labels(struct series *s, const char *p, const char *line)
{
    size_t used = 0;
    while (*++p != '}') {
        const char *end = name_end(p, 0), *value = end + 2, *at = value;
        if (!end || end[0] != '=' || end[1] != '"')
            wrong("a malformed label", line);
        for (; *at && *at != '"'; at++)
            if (*at == '\\' && (!*++at || !strchr("\\\"n", *at)))
                wrong("an escape that the format does not have", line);
        if (*at != '"')
            wrong("a label without an end", line);
        if (end - p == 2 && !strncmp(p, "le", 2))
            snprintf(s->le, sizeof s->le, "%.*s", (int)(at - value), value);
        else
            used += (size_t)snprintf(s->labels + used, sizeof s->labels - used, "%.*s,", (int)(at + 1 - p), p);
        p = at + 1;
        if (*p == '}')
            break;
        if (*p != ',')
            wrong("labels that no comma parts", line);
    }
    return p + 1;
}

static double read_value(const char *p, const char *line)
{
    char *end;
    const double value = !strcmp(p, "+Inf") ? INFINITY : strtod(p, &end);
    if (strcmp(p, "+Inf") != 0 && (end == p || *end || isspace((unsigned char)*p)))
        wrong("no number", line);
    return value;
}

static void read_sample(const char *line)
{
    struct series *s = &series[count];
    const struct family *f = families ? &family[families - 1] : NULL;
    const char *end = name_end(line, 1);
    if (!end || count == SERIES - 1)
        wrong("no name of a metric", line);
    snprintf(s->name, sizeof s->name, "%.*s", (int)(end - line), line);
    if (*end == '{')
        end = read_labels(s, end, line);
    if (*end != ' ')
        wrong("no blank before the value", line);
    s->value = read_value(end + 1, line);
    const size_t n = f ? strlen(f->name) : 0;
    if (!f || !f->type[0] || strncmp(s->name, f->name, n) != 0)
        wrong("a sample outside its family", line);
    const int histogram = !strcmp(f->type, "histogram"), bucket = !strcmp(s->name + n, "_bucket");
    if (histogram ? !bucket && strcmp(s->name + n, "_sum") != 0 && strcmp(s->name + n, "_count") != 0 : s->name[n] != '\0')
        wrong("a sample outside its family", line);
    if (bucket != (s->le[0] != '\0'))
        wrong("le belongs to buckets, and to each of them", line);
    if (strcmp(f->type, "gauge") != 0 && !(s->value >= 0 && isfinite(s->value)))
        wrong("a count that is negative or no number", line);
    for (int i = 0; i < count; i++)
        if (!strcmp(series[i].name, s->name) && !strcmp(series[i].labels, s->labels) && !strcmp(series[i].le, s->le))
            wrong("a series for the second time", line);
    count++;
}

static const struct series *find(const char *name, const char *part, const char *labels)
{
    char whole[160];
    snprintf(whole, sizeof whole, "%s%s", name, part);
    for (int i = 0; i < count; i++)
        if (!strcmp(series[i].name, whole) && !strcmp(series[i].labels, labels))
            return &series[i];
    return NULL;
}

/* Buckets rise in le and in count, end in +Inf, and that one is the count. */
static void check_histogram(const struct family *f)
{
    char bucket[160];
    snprintf(bucket, sizeof bucket, "%s_bucket", f->name);
    for (int i = 0; i < count; i++) {
        const struct series *s = &series[i], *before = i ? s - 1 : NULL;
        if (strcmp(s->name, bucket) != 0)
            continue;
        const int follows = before && !strcmp(before->name, bucket) && !strcmp(before->labels, s->labels);
        if (follows && (read_value(s->le, s->le) <= read_value(before->le, before->le) || s->value < before->value))
            wrong("buckets that do not rise", bucket);
        const struct series *total = find(f->name, "_count", s->labels), *sum = find(f->name, "_sum", s->labels);
        if (!total || !sum)
            wrong("a histogram without sum and count", bucket);
        const int last = i + 1 == count || strcmp(series[i + 1].name, bucket) != 0 || strcmp(series[i + 1].labels, s->labels) != 0;
        if (last && (strcmp(s->le, "+Inf") != 0 || s->value != total->value))
            wrong("the last bucket is not +Inf with the count", bucket);
    }
}

static int check(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        const size_t n = strlen(line);
        number++;
        if (!n || line[n - 1] != '\n')
            wrong("a line without an end", line);
        line[n - 1] = '\0';
        if (strchr(line, '\r'))
            wrong("a carriage return", line);
        if (line[0] == '#')
            read_comment(line);
        else
            read_sample(line);
    }
    for (int i = 0; i < families; i++) {
        if (!family[i].type[0])
            wrong("a HELP without a TYPE", family[i].name);
        if (!strcmp(family[i].type, "histogram"))
            check_histogram(&family[i]);
    }
    printf("%d\n", count);
    return !count;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && !strcmp(argv[1], "get"))
        return get(argv[2], argc > 3 ? argv[3] : "GET /metrics HTTP/1.0\r\n\r\n");
    if (argc == 4 && !strcmp(argv[1], "hold"))
        return hold(argv[2], atoi(argv[3]));
    if (argc == 2 && !strcmp(argv[1], "check"))
        return check();
    fputs("usage: scrape get PLACE [REQUEST] | hold PLACE N | check\n", stderr);
    return 2;
}
