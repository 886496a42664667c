/* Frames for plugins: a PNG or JPEG is read here, anything else by the media module, which brings libav* with it. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/core.h"
#include "core/memory.h"
#include "core/stills.h"
#include "media/media.h"

struct m6_frames {
    struct m6_job *job;
    struct m6_still still; /* rgb NULL: a video */
    struct m6_plugin_picture picture;
    int given; /* the still */
    const struct m6_media *media;
    struct m6_media_source *source;
    struct m6_memory *memory;
};

static const struct m6_media *media;
static pthread_mutex_t media_lock = PTHREAD_MUTEX_INITIALIZER;

enum m6_status m6_media_load(const struct m6_media **out, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    pthread_mutex_lock(&media_lock);
    char path[4096];
    if (media) {
        ;
    } else if (m6_find_media(path, sizeof path)) {
        status = m6_fail(err, M6_ERR_MODEL, "videos and subtitles need lib/m6/m6media.so beside the program, or where M6_MEDIA says; install M6 whole");
    } else {
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        const struct m6_media *found = handle ? dlsym(handle, M6_MEDIA_SYMBOL) : NULL;
        const char *why = found ? NULL : dlerror();
        if (!found)
            status = m6_fail(err, M6_ERR_MODEL, "the media module cannot be loaded: %.400s", why ? why : path);
        else if (found->abi != M6_MEDIA_ABI || found->size < sizeof *found)
            status = m6_fail(err, M6_ERR_MODEL, "%.400s belongs to another version of M6; install both from one build", path);
        else
            media = found;
    }
    *out = media;
    pthread_mutex_unlock(&media_lock);
    return status;
}

static int on_cancelled(void *arg)
{
    return ((struct m6_job *)arg)->cancelled;
}

static void on_warning(void *arg, const char *sentence)
{
    m6_job_warn(arg, sentence);
}

/* What libavformat would say in riddles. */
static enum m6_status check_path(const char *path, struct m6_error *err)
{
    struct stat st;
    if (strstr(path, "://") || strchr(path, '%'))
        return M6_OK;
    if (stat(path, &st))
        return m6_fail(err, M6_ERR_IO, "cannot open %.400s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return m6_fail(err, M6_ERR_IO, "%.400s is a folder; name a video or a picture in it", path);
    if (S_ISREG(st.st_mode) && !st.st_size)
        return m6_fail(err, M6_ERR_FORMAT, "%.400s is empty; get a whole copy of it", path);
    return M6_OK;
}

static enum m6_status open_still(struct m6_frames *f, const char *path, const struct m6_frames_params *params, struct m6_error *err)
{
    enum m6_status status = m6_still_read(path, params->max_width, params->max_height, &f->still, err);
    f->picture = (struct m6_plugin_picture){f->still.width, f->still.height, (size_t)f->still.width * 3, f->still.rgb};
    return status;
}

static enum m6_status open_video(struct m6_frames *f, const char *path, const struct m6_frames_params *params, struct m6_error *err)
{
    enum m6_status status = m6_media_load(&f->media, err);
    if (status)
        return status;
    struct m6_media_source_params source = {
        .path = path,
        .frames = *params,
        .threads = f->job->host->threads,
        .cancelled = on_cancelled,
        .warn = on_warning,
        .arg = f->job,
    };
    return f->media->source_open(&source, &f->source, err);
}

static enum m6_status open_frames(struct m6_frames *f, int input, struct m6_frames_params *params, struct m6_error *err)
{
    if (input < 0 || input >= f->job->input_count)
        return m6_fail(err, M6_ERR_ARGUMENT, "this job needs a video or a picture; give it one");
    if (params->count < 0 || params->count > M6_FRAMES_COUNT_MAX || params->interval_ns < 0 || params->start_ns < 0)
        return m6_fail(err, M6_ERR_ARGUMENT, "up to %d frames at a time can be asked for, from times that are not negative", M6_FRAMES_COUNT_MAX);
    if (f->job->memory && f->job->memory[input])
        return m6_memory_open(f->job->memory[input], params, &f->memory, err);
    const char *path = f->job->inputs[input];
    enum m6_status status = check_path(path, err);
    if (!status && (params->max_width <= 0 || params->max_height <= 0)) {
        status = m6_job_load(f->job, err);
        params->max_width = f->job->host->info.picture_width;
        params->max_height = f->job->host->info.picture_height;
    }
    if (status)
        return status;
    return m6_still_sniff(path) ? open_still(f, path, params, err) : open_video(f, path, params, err);
}

int m6_host_frames_open(struct m6_job *job, int input, const struct m6_frames_params *given, struct m6_frames **out)
{
    struct m6_error err = {""};
    struct m6_frames_params params = {0};
    memcpy(&params, given, given->size < sizeof params ? given->size : sizeof params);
    *out = NULL;
    struct m6_frames *f = calloc(1, sizeof *f);
    if (!f)
        return m6_job_fail(job, M6_ERR_MEMORY, "no memory for frames");
    f->job = job;
    enum m6_status status = open_frames(f, input, &params, &err);
    if (status) {
        m6_host_frames_close(f);
        return m6_job_fail(job, status, err.text);
    }
    *out = f;
    return 0;
}

void m6_host_frames_info(struct m6_frames *f, struct m6_frames_info *info)
{
    struct m6_frames_info full = {.still = 1, .width = f->still.full_width, .height = f->still.full_height};
    size_t size = info->size;
    if (f->source)
        f->media->source_info(f->source, &full);
    if (f->memory)
        m6_memory_info(f->memory, &full);
    full.size = size;
    memcpy(info, &full, size < sizeof full ? size : sizeof full);
}

int m6_host_frames_next(struct m6_frames *f, struct m6_plugin_frame *frame)
{
    struct m6_plugin_frame full = {0};
    struct m6_error err = {""};
    size_t size = frame->size;
    int got = 0;
    if (f->source) {
        enum m6_status status = f->media->source_next(f->source, &full, &got, &err);
        if (status)
            return m6_job_fail(f->job, status, err.text);
    } else if (f->memory) {
        got = m6_memory_next(f->memory, &full);
    } else if (!f->given) {
        got = f->given = 1;
        full.picture = f->picture;
        full.pictures = &f->picture;
        full.picture_count = 1;
    }
    full.size = size;
    if (got)
        memcpy(frame, &full, size < sizeof full ? size : sizeof full);
    return got;
}

void m6_host_frames_close(struct m6_frames *f)
{
    if (!f)
        return;
    if (f->source)
        f->media->source_close(f->source);
    m6_memory_close(f->memory);
    m6_still_finish(&f->still);
    free(f);
}
