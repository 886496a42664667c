/* What engine tests share: a random model in a temporary folder, an engine on it, and requests run to their end. */
#ifndef M6_TESTS_ENGINE_SUPPORT_H
#define M6_TESTS_ENGINE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "families/m6/random.h"
#include "families/m6/transformer.h"
#include "m6/engine.h"

/* A folder that is removed when the test program ends. */
const char *temporary_folder(void);
/* PATH under it; valid until the call after next. */
const char *temporary_path(const char *name);
void write_file(const char *path, const void *data, size_t size);

/* The folder of a tiny random model, made once. */
const char *tiny_model(void);
/* The same model without an engine around it, to look inside. Free with m6_transformer_destroy, then m6_cpu_destroy. */
struct m6_transformer *tiny_transformer(enum m6_type compute, struct m6_backend **backend);
struct m6_engine *open_engine(const char *model, int threads, const char *compute);
struct m6_engine *open_engine_with(struct m6_engine_params); /* size is filled in; no model: the tiny one */
struct m6_engine_stats stats_of(struct m6_engine *);
size_t tiny_page(void); /* bytes of the tiny model's cache in a page */

struct pixels {
    int width, height;
    uint8_t rgb[512 * 512 * 3];
};
struct m6_picture test_picture(struct pixels *, int width, int height, unsigned seed);

/* Everything that a request told. */
struct outcome {
    enum m6_event_type last;
    enum m6_status status;
    char text[8192], warning[512], failure[512];
    int events, texts, pictures, progress, done, total, scores;
    int width, height;
    double score;
    uint64_t picture_hash;
    uint8_t *rgb; /* of the last picture; freed by the next run */
};
/* Submits and waits. The status is that of the submission. */
enum m6_status run_request(struct m6_engine *, struct m6_request_params *, struct outcome *, struct m6_error *err);
void note_event(void *outcome, struct m6_request *, const struct m6_event *);

extern struct m6_error said; /* for calls that are expected to succeed */
#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        const enum m6_status assert_ok_status = (call);                                                                \
        if (assert_ok_status)                                                                                          \
            fail_msg("%s: %s", m6_status_name(assert_ok_status), said.text);                                           \
    } while (0)

#endif
