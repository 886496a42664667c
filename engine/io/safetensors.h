/* Safetensors files (the format of huggingface.co/docs/safetensors): an 8-byte little-endian header length,
 * a JSON header, then raw tensors. The header is read, the tensors are mapped; nothing is copied until someone asks.
 *
 * Every offset, shape and type in a header is checked against the file before it is believed: lengths that
 * overflow, tensors that overlap, leave gaps or run past the end, and unknown types are M6_ERR_FORMAT, with
 * the tensor named. A sharded model is opened through its *.index.json.
 */
#ifndef M6_IO_SAFETENSORS_H
#define M6_IO_SAFETENSORS_H

#include "m6/status.h"
#include "ops/ops.h"

enum { M6_DIMS_MAX = 8 };

struct m6_stensor {
    const char *name;
    enum m6_type type;
    int dims;
    int64_t dim[M6_DIMS_MAX];
    const void *data; /* in the mapping; only as aligned as the file made it */
    size_t bytes;
};

struct m6_safetensors;

/* path: a .safetensors file, a model.safetensors.index.json, or a folder that holds either. */
enum m6_status m6_safetensors_open(struct m6_safetensors **out, const char *path, struct m6_error *err);
/* The same from memory that outlives the handle (fuzzing, tests). */
enum m6_status m6_safetensors_parse(struct m6_safetensors **out, const void *bytes, size_t size, const char *name,
                                    struct m6_error *err);
void m6_safetensors_close(struct m6_safetensors *);
int m6_safetensors_count(const struct m6_safetensors *);
const struct m6_stensor *m6_safetensors_at(const struct m6_safetensors *, int i); /* sorted by name */
const struct m6_stensor *m6_safetensors_find(const struct m6_safetensors *, const char *name); /* NULL if absent */
/* Reads a tensor's bytes from its file, without touching the mapping: whoever cuts the file off meanwhile makes this fail, and not
 * the process. M6_ERR_IO. From m6_safetensors_parse's memory it copies. */
enum m6_status m6_safetensors_copy(const struct m6_safetensors *, const struct m6_stensor *, void *to, struct m6_error *err);
/* A string of the header's __metadata__, or NULL. */
const char *m6_safetensors_metadata(const struct m6_safetensors *, const char *key);

/* Writes a file whole or not at all (beside path, synced, renamed). The data starts at a
 * multiple of 64 bytes; tensors follow each other in the order given, without gaps, as the format demands. metadata: pairs of
 * key, value, ended by NULL; or NULL. */
enum m6_status m6_safetensors_write(const char *path, const struct m6_stensor *tensor, int count,
                                    const char *const *metadata, struct m6_error *err);

#endif
