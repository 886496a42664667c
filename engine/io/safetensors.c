#include "io/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "io/safetensors_header.h"

struct shard {
    struct m6_file file;
    int fd;        /* of the same file; -1: none */
    cJSON *header; /* names and metadata point into it */
};

struct m6_safetensors {
    struct shard *shard;
    int shards;
    struct m6_stensor *tensor; /* sorted by name */
    int count;
    cJSON *index;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct m6_stensor *)a)->name, ((const struct m6_stensor *)b)->name);
}

static const struct m6_stensor *find(const struct m6_stensor *tensor, int count, const char *name)
{
    const struct m6_stensor key = {.name = name};
    return count ? bsearch(&key, tensor, (size_t)count, sizeof *tensor, by_name) : NULL;
}

void m6_safetensors_close(struct m6_safetensors *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->shards; i++) {
        cJSON_Delete(s->shard[i].header);
        m6_file_unmap(&s->shard[i].file);
        if (s->shard[i].fd >= 0)
            close(s->shard[i].fd);
    }
    free(s->shard);
    free(s->tensor);
    cJSON_Delete(s->index);
    free(s);
}

static struct m6_safetensors *create(int shards)
{
    struct m6_safetensors *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->shard = calloc((size_t)shards, sizeof *s->shard);
    if (!s->shard) {
        free(s);
        return NULL;
    }
    for (int i = 0; i < shards; i++)
        s->shard[i] = (struct shard){.file = {"", 0}, .fd = -1};
    return s;
}

enum m6_status m6_safetensors_parse(struct m6_safetensors **out, const void *bytes, size_t size,
                                    const char *name, struct m6_error *err)
{
    *out = NULL;
    struct m6_safetensors *s = create(1);
    if (!s)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", name);
    s->shards = 1;
    enum m6_status status =
        m6_safetensors_header(&s->shard[0].header, &s->tensor, &s->count, bytes, size, name, err);
    if (status) {
        m6_safetensors_close(s);
        return status;
    }
    qsort(s->tensor, (size_t)s->count, sizeof *s->tensor, by_name);
    *out = s;
    return M6_OK;
}

static enum m6_status open_file(struct m6_safetensors **out, const char *path, struct m6_error *err)
{
    struct m6_file file;
    int fd;
    enum m6_status status = m6_file_map_headed(&file, &fd, path, err);
    if (status)
        return status;
    status = m6_safetensors_parse(out, file.data, file.size, path, err);
    if (status) {
        m6_file_unmap(&file);
        close(fd);
    } else {
        (*out)->shard[0].file = file;
        (*out)->shard[0].fd = fd;
    }
    return status;
}

/* ---- sharded models ---- */

struct shard_set {
    const char **name; /* distinct file names, in the order the index first mentions them */
    struct m6_safetensors **file;
    int count;
};

static int shard_number(const struct shard_set *set, const char *name)
{
    for (int i = set->count - 1; i >= 0; i--)
        if (strcmp(set->name[i], name) == 0)
            return i;
    return -1;
}

static enum m6_status list_shards(struct shard_set *set, const cJSON *map, const char *path, struct m6_error *err)
{
    for (const cJSON *item = map->child; item; item = item->next) {
        const char *file = cJSON_GetStringValue(item);
        if (!file || !*file || strchr(file, '/') || file[0] == '.')
            return m6_fail(err, M6_ERR_FORMAT, "%s: the weight map gives \"%.100s\" no plain file name", path,
                           item->string);
        if (shard_number(set, file) >= 0)
            continue;
        if (set->count == M6_SHARDS_MAX)
            return m6_fail(err, M6_ERR_LIMIT, "%s names more than %d files", path, M6_SHARDS_MAX);
        set->name[set->count++] = file;
    }
    return M6_OK;
}

static enum m6_status open_shards(struct shard_set *set, const char *path, struct m6_error *err)
{
    const char *slash = strrchr(path, '/');
    const int folder = slash ? (int)(slash - path) + 1 : 0;
    for (int i = 0; i < set->count; i++) {
        char *full = NULL;
        if (asprintf(&full, "%.*s%s", folder, path, set->name[i]) < 0)
            return m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", path);
        const enum m6_status status = open_file(&set->file[i], full, err);
        free(full);
        if (status)
            return status;
    }
    return M6_OK;
}

/* The index decides which file a tensor comes from; files may hold more than it names. */
static enum m6_status gather(struct m6_safetensors *s, struct shard_set *set, const cJSON *map, const char *path,
                             struct m6_error *err)
{
    s->tensor = calloc((size_t)cJSON_GetArraySize(map) + 1, sizeof *s->tensor);
    if (!s->tensor)
        return m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", path);
    for (const cJSON *item = map->child; item; item = item->next) {
        const int n = shard_number(set, item->valuestring);
        const struct m6_stensor *t = find(set->file[n]->tensor, set->file[n]->count, item->string);
        if (!t)
            return m6_fail(err, M6_ERR_FORMAT, "%s places \"%.100s\" in %s, which lacks it", path, item->string,
                           set->name[n]);
        s->tensor[s->count++] = *t;
    }
    qsort(s->tensor, (size_t)s->count, sizeof *s->tensor, by_name);
    for (int i = 0; i < set->count; i++) {
        s->shard[i] = set->file[i]->shard[0];
        set->file[i]->shards = 0;
        s->shards++;
    }
    return M6_OK;
}

static enum m6_status open_index(struct m6_safetensors **out, const char *path, struct m6_error *err)
{
    struct m6_file file;
    cJSON *index = NULL;
    enum m6_status status = m6_file_copy(&file, path, err);
    if (status)
        return status;
    status = m6_json_parse(&index, file.data, file.size, path, err);
    m6_file_unmap(&file);
    if (status)
        return status;

    const char *names[M6_SHARDS_MAX];
    struct m6_safetensors *files[M6_SHARDS_MAX] = {NULL};
    struct shard_set set = {names, files, 0};
    struct m6_safetensors *s = create(M6_SHARDS_MAX);
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(index, "weight_map");
    if (!s)
        status = m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", path);
    else if (!cJSON_IsObject(map) || !map->child)
        status = m6_fail(err, M6_ERR_FORMAT, "%s has no \"weight_map\"", path);
    if (!status)
        status = list_shards(&set, map, path, err);
    if (!status)
        status = open_shards(&set, path, err);
    if (!status)
        status = gather(s, &set, map, path, err);
    for (int i = 0; i < set.count; i++)
        m6_safetensors_close(files[i]);
    if (status) {
        m6_safetensors_close(s);
        cJSON_Delete(index);
        return status;
    }
    s->index = index;
    *out = s;
    return M6_OK;
}

static int ends_with(const char *text, const char *end)
{
    const size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

static enum m6_status open_folder(struct m6_safetensors **out, const char *path, struct m6_error *err)
{
    static const char *const names[] = {"model.safetensors.index.json", "model.safetensors"};
    for (int i = 0; i < 2; i++) {
        char *full = NULL;
        if (asprintf(&full, "%s/%s", path, names[i]) < 0)
            return m6_fail(err, M6_ERR_MEMORY, "no memory to open %s", path);
        struct stat st;
        const int there = stat(full, &st) == 0;
        enum m6_status status = M6_OK;
        if (there)
            status = i == 0 ? open_index(out, full, err) : open_file(out, full, err);
        free(full);
        if (there)
            return status;
    }
    return m6_fail(err, M6_ERR_MODEL, "%s holds neither %s nor %s", path, names[1], names[0]);
}

enum m6_status m6_safetensors_open(struct m6_safetensors **out, const char *path, struct m6_error *err)
{
    *out = NULL;
    struct stat st;
    if (stat(path, &st) != 0)
        return m6_fail(err, M6_ERR_IO, "cannot open %s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return open_folder(out, path, err);
    return ends_with(path, ".index.json") ? open_index(out, path, err) : open_file(out, path, err);
}

/* ---- looking things up ---- */

int m6_safetensors_count(const struct m6_safetensors *s)
{
    return s->count;
}

const struct m6_stensor *m6_safetensors_at(const struct m6_safetensors *s, int i)
{
    return i >= 0 && i < s->count ? &s->tensor[i] : NULL;
}

const struct m6_stensor *m6_safetensors_find(const struct m6_safetensors *s, const char *name)
{
    return find(s->tensor, s->count, name);
}

enum m6_status m6_safetensors_copy(const struct m6_safetensors *s, const struct m6_stensor *t, void *to, struct m6_error *err)
{
    const uintptr_t data = (uintptr_t)t->data;
    for (int i = 0; i < s->shards; i++) {
        const struct shard *shard = &s->shard[i];
        const uintptr_t begin = (uintptr_t)shard->file.data;
        if (shard->fd < 0 || data < begin || data >= begin + shard->file.size)
            continue;
        if (m6_file_pread(shard->fd, to, t->bytes, data - begin))
            return m6_fail(err, M6_ERR_IO, "cannot read %s: %s; was the file changed meanwhile?", t->name, strerror(errno));
        return M6_OK;
    }
    if (t->bytes)
        memcpy(to, t->data, t->bytes);
    return M6_OK;
}

const char *m6_safetensors_metadata(const struct m6_safetensors *s, const char *key)
{
    for (int i = 0; i < s->shards; i++) {
        const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(s->shard[i].header, "__metadata__");
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
        if (value)
            return value;
    }
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(s->index, "metadata");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}
