/* A recursive descent that leaves nodes in one array; deep or long expressions are refused, so that working one out needs no memory. */
#include "expr.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 512, DEPTH_MAX = 64, TEXT_MAX = 4096, ARGS = 3 };

enum op {
    OP_NUMBER, OP_VARIABLE, OP_ADD, OP_MULTIPLY, OP_DIVIDE, OP_POWER, OP_NEGATE,
    OP_MIN, OP_MAX, OP_MOD, OP_LT, OP_LTE, OP_GT, OP_GTE, OP_EQ, OP_IF, OP_IFNOT, OP_BETWEEN, OP_CLIP,
    OP_ABS, OP_FLOOR, OP_CEIL, OP_TRUNC, OP_ROUND, OP_SQRT, OP_SIN, OP_COS, OP_TAN, OP_EXP, OP_LOG, OP_NOT,
};

static const struct {
    const char *name;
    enum op op;
    int least, most; /* arguments */
} functions[] = {
    {"min", OP_MIN, 2, 2},       {"max", OP_MAX, 2, 2},       {"mod", OP_MOD, 2, 2},     {"pow", OP_POWER, 2, 2},
    {"lt", OP_LT, 2, 2},         {"lte", OP_LTE, 2, 2},       {"gt", OP_GT, 2, 2},       {"gte", OP_GTE, 2, 2},
    {"eq", OP_EQ, 2, 2},         {"if", OP_IF, 2, 3},         {"ifnot", OP_IFNOT, 2, 3}, {"between", OP_BETWEEN, 3, 3},
    {"clip", OP_CLIP, 3, 3},     {"abs", OP_ABS, 1, 1},       {"floor", OP_FLOOR, 1, 1}, {"ceil", OP_CEIL, 1, 1},
    {"trunc", OP_TRUNC, 1, 1},   {"round", OP_ROUND, 1, 1},   {"sqrt", OP_SQRT, 1, 1},   {"sin", OP_SIN, 1, 1},
    {"cos", OP_COS, 1, 1},       {"tan", OP_TAN, 1, 1},       {"exp", OP_EXP, 1, 1},     {"log", OP_LOG, 1, 1},
    {"not", OP_NOT, 1, 1},
};

static const struct {
    const char *name;
    enum m6_expr_variable variable;
} variables[] = {
    {"W", M6_EXPR_FRAME_W},        {"H", M6_EXPR_FRAME_H},        {"main_w", M6_EXPR_FRAME_W},
    {"main_h", M6_EXPR_FRAME_H},   {"w", M6_EXPR_PICTURE_W},      {"h", M6_EXPR_PICTURE_H},
    {"overlay_w", M6_EXPR_PICTURE_W}, {"overlay_h", M6_EXPR_PICTURE_H}, {"t", M6_EXPR_T}, {"n", M6_EXPR_N},
};

struct node {
    enum op op;
    int arg[ARGS]; /* nodes; -1: none. Of a variable: which */
    double number;
};

struct m6_expr {
    int root, count;
    unsigned used; /* a bit a variable */
    struct node node[];
};

struct parser {
    const char *name, *text, *at; /* text: without spaces */
    struct node node[NODES_MAX];
    int count, depth;
    unsigned used;
    struct m6_error *err;
};

static int refuse(struct parser *p, const char *what)
{
    if (*p->at)
        m6_fail(p->err, M6_ERR_ARGUMENT, "%s=%.100s: %s at '%.20s'; an expression looks like (W-w)/2 or if(lt(t,5),0,W-w)", p->name, p->text, what, p->at);
    else
        m6_fail(p->err, M6_ERR_ARGUMENT, "%s=%.100s: %s at its end; an expression looks like (W-w)/2 or if(lt(t,5),0,W-w)", p->name, p->text, what);
    return -1;
}

static int add(struct parser *p, enum op op, int a, int b, int c)
{
    if (a < -1 || p->count == NODES_MAX)
        return refuse(p, "it is too long");
    p->node[p->count] = (struct node){op, {a, b, c}, 0};
    return p->count++;
}

static int parse_sum(struct parser *);

static int is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The program's locale may write numbers with a comma, so strtod will not do: digits [.digits] [e[±]digits]. */
static int parse_number(struct parser *p)
{
    char digits[64];
    size_t n = 0;
    const char *s = p->at;
    const char *point = localeconv()->decimal_point;
    while (*s && n < sizeof digits - 8) {
        const int exponent = n && (s[-1] == 'e' || s[-1] == 'E');
        if (*s == '.') {
            for (const char *q = point; *q && n < sizeof digits - 4; q++)
                digits[n++] = *q;
        } else if (isdigit((unsigned char)*s) || (n && (*s == 'e' || *s == 'E') && (isdigit((unsigned char)s[1]) || s[1] == '-' || s[1] == '+')) ||
                   (exponent && (*s == '-' || *s == '+'))) {
            digits[n++] = *s;
        } else {
            break;
        }
        s++;
    }
    digits[n] = '\0';
    char *end;
    const double value = strtod(digits, &end);
    if (end == digits || *end || !isfinite(value) || is_word(*s) || *s == '.')
        return refuse(p, "there is no such number");
    p->at = s;
    const int i = add(p, OP_NUMBER, -1, -1, -1);
    if (i >= 0)
        p->node[i].number = value;
    return i;
}

static int parse_call(struct parser *p, size_t f)
{
    int arg[ARGS] = {-1, -1, -1}, n = 0;
    do {
        p->at++; /* the parenthesis, or the comma */
        if (n == functions[f].most)
            return refuse(p, "a function has too many arguments");
        if ((arg[n++] = parse_sum(p)) < 0)
            return -1;
    } while (*p->at == ',');
    if (*p->at != ')')
        return refuse(p, "a ) is missing");
    if (n < functions[f].least)
        return refuse(p, "a function has too few arguments");
    p->at++;
    return add(p, functions[f].op, arg[0], arg[1], arg[2]);
}

static int parse_word(struct parser *p)
{
    size_t n = 0;
    while (is_word(p->at[n]))
        n++;
    const char *word = p->at;
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
        if (word[n] != '(' || strlen(functions[f].name) != n || strncmp(functions[f].name, word, n) != 0)
            continue;
        p->at += n;
        return parse_call(p, f);
    }
    for (size_t v = 0; v < sizeof variables / sizeof *variables; v++) {
        if (strlen(variables[v].name) != n || strncmp(variables[v].name, word, n) != 0 || word[n] == '(')
            continue;
        p->at += n;
        p->used |= 1u << variables[v].variable;
        return add(p, OP_VARIABLE, (int)variables[v].variable, -1, -1);
    }
    const int pi = n == 2 && !strncmp(word, "PI", 2), e = n == 1 && *word == 'E';
    if (!pi && !e)
        return refuse(p, n ? "there is no such name" : "a number is missing");
    p->at += n;
    const int i = add(p, OP_NUMBER, -1, -1, -1);
    if (i >= 0)
        p->node[i].number = pi ? 3.14159265358979323846 : 2.7182818284590452354;
    return i;
}

static int parse_primary(struct parser *p)
{
    if (isdigit((unsigned char)*p->at) || *p->at == '.')
        return parse_number(p);
    if (*p->at != '(')
        return parse_word(p);
    p->at++;
    const int inner = parse_sum(p);
    if (inner >= 0 && *p->at != ')')
        return refuse(p, "a ) is missing");
    p->at += inner >= 0;
    return inner;
}

/* A sign belongs to the whole power: -2^2 is -4, and 2^-1 is 0.5. */
static int parse_power(struct parser *p)
{
    const int minus = *p->at == '-';
    p->at += minus || *p->at == '+';
    int left = parse_primary(p);
    while (left >= 0 && *p->at == '^') {
        p->at++;
        const int sign = *p->at == '-';
        p->at += sign || *p->at == '+';
        int right = parse_primary(p);
        if (right >= 0 && sign)
            right = add(p, OP_NEGATE, right, -1, -1);
        left = right < 0 ? -1 : add(p, OP_POWER, left, right, -1);
    }
    return left >= 0 && minus ? add(p, OP_NEGATE, left, -1, -1) : left;
}

static int parse_product(struct parser *p)
{
    int left = parse_power(p);
    while (left >= 0 && (*p->at == '*' || *p->at == '/')) {
        const enum op op = *p->at++ == '*' ? OP_MULTIPLY : OP_DIVIDE;
        const int right = parse_power(p);
        left = right < 0 ? -1 : add(p, op, left, right, -1);
    }
    return left;
}

static int parse_sum(struct parser *p)
{
    if (++p->depth > DEPTH_MAX)
        return refuse(p, "it is too deep");
    int left = parse_product(p);
    while (left >= 0 && (*p->at == '+' || *p->at == '-')) {
        const int minus = *p->at++ == '-';
        int right = parse_product(p);
        if (right >= 0 && minus)
            right = add(p, OP_NEGATE, right, -1, -1);
        left = right < 0 ? -1 : add(p, OP_ADD, left, right, -1);
    }
    p->depth--;
    return left;
}

static enum m6_status parse(struct parser *p, struct m6_expr **out)
{
    const int root = parse_sum(p);
    if (root >= 0 && *p->at)
        refuse(p, "something is left over");
    if (root < 0 || *p->at)
        return M6_ERR_ARGUMENT;
    struct m6_expr *e = malloc(sizeof *e + (size_t)p->count * sizeof *e->node);
    if (!e)
        return m6_fail(p->err, M6_ERR_MEMORY, "no memory for the expression of %s", p->name);
    e->root = root;
    e->count = p->count;
    e->used = p->used;
    memcpy(e->node, p->node, (size_t)p->count * sizeof *e->node);
    *out = e;
    return M6_OK;
}

enum m6_status m6_expr_create(struct m6_expr **out, const char *name, const char *text, struct m6_error *err)
{
    char bare[TEXT_MAX];
    size_t n = 0;
    *out = NULL;
    for (const char *s = text; *s; s++) {
        if (isspace((unsigned char)*s))
            continue;
        if (n == sizeof bare - 1)
            return m6_fail(err, M6_ERR_ARGUMENT, "%s: an expression has at most %d characters", name, TEXT_MAX - 1);
        bare[n++] = *s;
    }
    bare[n] = '\0';
    struct parser *p = malloc(sizeof *p);
    if (!p)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for the expression of %s", name);
    p->name = name;
    p->text = p->at = bare;
    p->count = p->depth = 0;
    p->used = 0;
    p->err = err;
    const enum m6_status status = parse(p, out);
    free(p);
    return status;
}

void m6_expr_destroy(struct m6_expr *e)
{
    free(e);
}

static double value(const struct m6_expr *, int i, const double *variable);

static double divide(double a, double b)
{
    return b != 0 ? a / b : a * INFINITY;
}

static double call(const struct m6_expr *e, const struct node *n, const double *v)
{
    const double a = value(e, n->arg[0], v);
    switch (n->op) {
    case OP_NEGATE: return -a;
    case OP_ABS: return fabs(a);
    case OP_FLOOR: return floor(a);
    case OP_CEIL: return ceil(a);
    case OP_TRUNC: return trunc(a);
    case OP_ROUND: return round(a);
    case OP_SQRT: return sqrt(a);
    case OP_SIN: return sin(a);
    case OP_COS: return cos(a);
    case OP_TAN: return tan(a);
    case OP_EXP: return exp(a);
    case OP_LOG: return log(a);
    case OP_NOT: return a == 0;
    case OP_IF: return a != 0 ? value(e, n->arg[1], v) : n->arg[2] >= 0 ? value(e, n->arg[2], v) : 0;
    case OP_IFNOT: return a == 0 ? value(e, n->arg[1], v) : n->arg[2] >= 0 ? value(e, n->arg[2], v) : 0;
    default: break;
    }
    const double b = value(e, n->arg[1], v);
    switch (n->op) {
    case OP_ADD: return a + b;
    case OP_MULTIPLY: return a * b;
    case OP_DIVIDE: return divide(a, b);
    case OP_POWER: return pow(a, b);
    case OP_MIN: return a < b ? a : b;
    case OP_MAX: return a > b ? a : b;
    case OP_MOD: return a - floor(divide(a, b)) * b;
    case OP_LT: return a < b;
    case OP_LTE: return a <= b;
    case OP_GT: return a > b;
    case OP_GTE: return a >= b;
    case OP_EQ: return a == b;
    default: break;
    }
    const double c = value(e, n->arg[2], v);
    if (n->op == OP_BETWEEN)
        return a >= b && a <= c;
    return isnan(a) || isnan(b) || isnan(c) || b > c ? NAN : a < b ? b : a > c ? c : a; /* OP_CLIP */
}

static double value(const struct m6_expr *e, int i, const double *variable)
{
    const struct node *n = &e->node[i];
    return n->op == OP_NUMBER ? n->number : n->op == OP_VARIABLE ? variable[n->arg[0]] : call(e, n, variable);
}

double m6_expr_value(const struct m6_expr *e, const double variable[M6_EXPR_VARIABLES])
{
    return value(e, e->root, variable);
}

int m6_expr_uses(const struct m6_expr *e, enum m6_expr_variable v)
{
    return (e->used >> v) & 1;
}

int m6_expr_varies(const struct m6_expr *e)
{
    return m6_expr_uses(e, M6_EXPR_T) || m6_expr_uses(e, M6_EXPR_N);
}
