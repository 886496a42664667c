/* Status codes and error text shared by every M6 library.
 *
 * A function that can fail returns an enum m6_status and, where it takes a struct m6_error *, leaves
 * one sentence there that names the thing at fault and the remedy. Libraries never print, exit or abort.
 */
#ifndef M6_STATUS_H
#define M6_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

enum m6_status {
    M6_OK = 0,
    M6_ERR_ARGUMENT = -1,    /* the caller passed something that can never work */
    M6_ERR_MEMORY = -2,      /* an allocation failed */
    M6_ERR_IO = -3,          /* a file or device could not be opened, read or written */
    M6_ERR_FORMAT = -4,      /* a file's or message's contents are malformed */
    M6_ERR_UNSUPPORTED = -5, /* well formed, but not something this build can do */
    M6_ERR_CANCELLED = -6,   /* cancelled by the caller */
    M6_ERR_LIMIT = -7,       /* a documented limit (length, memory, count) would be exceeded */
    M6_ERR_MODEL = -8,       /* the model is missing, incomplete or cannot do what is asked */
    M6_ERR_INTERNAL = -9,    /* a defect in M6 */
    M6_ERR_LATE = -10,       /* its deadline has passed */
};

/* One sentence, UTF-8, always terminated. `text` is empty when nothing failed. */
struct m6_error {
    char text[512];
};

/* Writes a sentence into err (which may be NULL) and returns status, so that a failing function can
 * end with `return m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
enum m6_status m6_fail(struct m6_error *err, enum m6_status status, const char *format, ...);

/* A short constant name for a status, such as "format". Never NULL. */
const char *m6_status_name(enum m6_status status);

#ifdef __cplusplus
}
#endif
#endif
