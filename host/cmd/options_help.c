/* The words that people see of an option table: its help text, and which name was meant. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 80, COLUMN = 26, WORD_MAX = 48 };

void options_print_wrapped(FILE *out, const char *text, int indent, int at)
{
    while (*text) {
        const int word = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent && word) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, (size_t)word, out);
        at += word;
        text += word;
        if (*text == '\n') {
            fprintf(out, "\n%*s", text[1] == '\n' ? 0 : indent, "");
            at = indent;
        }
        if (*text)
            text++;
    }
    fputc('\n', out);
}

void options_print_help(FILE *out, const struct option_spec *specs)
{
    for (const struct option_spec *s = specs; s && s->name; s++) {
        int at = s->letter ? fprintf(out, "  -%c, ", s->letter) : fprintf(out, "      ");
        at += fprintf(out, "--%s", s->name);
        if (s->type != OPTION_FLAG)
            at += fprintf(out, " %s", s->value);
        if (at >= COLUMN - 1) {
            fputc('\n', out);
            at = 0;
        }
        fprintf(out, "%*s", COLUMN - at, "");
        options_print_wrapped(out, s->help, COLUMN, COLUMN);
    }
}

static int min3(int a, int b, int c)
{
    const int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

int option_distance(const char *a, const char *b)
{
    const int n = (int)strnlen(a, WORD_MAX), m = (int)strnlen(b, WORD_MAX);
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (int i = 0; i <= n; i++)
        d[i][0] = i;
    for (int j = 0; j <= m; j++)
        d[0][j] = j;
    for (int i = 1; i <= n; i++) {
        for (int j = 1; j <= m; j++) {
            d[i][j] =
                min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[n][m];
}

int option_is_similar(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    if (n >= 2 && m > n && strncmp(a, b, n) == 0)
        return 1;
    return option_distance(a, b) <= (int)(n < m ? n : m) / 3 + (n > 2);
}
