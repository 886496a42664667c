#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "media/media.h"
#include "title/load.h"

/* ---- the machine ---- */

static int has_flag(const char *flags, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = flags; (p = strstr(p, name)); p += n) {
        if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0'))
            return 1;
    }
    return 0;
}

static void read_processor(char *model, size_t size, char *features, size_t feature_size)
{
    static const char *const wanted[] = {"avx2",        "fma",         "avx512f",
                                         "avx512_vnni", "avx512_bf16", "amx_tile"};
    char line[8192];
    FILE *in = fopen("/proc/cpuinfo", "re");
    size_t at = 0;
    while (in && fgets(line, sizeof line, in)) {
        char *value = strchr(line, ':');
        if (!value)
            continue;
        if (!*model && !strncmp(line, "model name", 10))
            snprintf(model, size, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        if (!at && !strncmp(line, "flags", 5)) {
            for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
                if (has_flag(value, wanted[i]))
                    at += (size_t)snprintf(features + at, feature_size - at, "%s%s", at ? " " : "",
                                           wanted[i]);
            }
        }
    }
    if (in)
        fclose(in);
}

static double available_memory(void)
{
    char line[256];
    double kib = 0;
    FILE *in = fopen("/proc/meminfo", "re");
    while (in && fgets(line, sizeof line, in) && sscanf(line, "MemAvailable: %lf kB", &kib) != 1)
        ;
    if (in)
        fclose(in);
    return kib * 1024;
}

void doctor_machine(struct doctor *d)
{
    char model[128] = "", features[128] = "";
    cpu_set_t set;
    const int cpus = sched_getaffinity(0, sizeof set, &set) ? (int)sysconf(_SC_NPROCESSORS_ONLN)
                                                            : CPU_COUNT(&set);
    doctor_add(d, FINDING_OK, "program", NULL, "m6 %s", M6_VERSION);
    read_processor(model, sizeof model, features, sizeof features);
    doctor_add(d, FINDING_OK, "processor", NULL, "%s, %d CPU%s, %s", *model ? model : "unknown",
               cpus, cpus == 1 ? "" : "s",
               *features ? features : "no vector extensions that m6 uses");
    const double bytes = available_memory();
    if (bytes > 0 && bytes < 512e6)
        doctor_add(d, FINDING_NOTE, "memory", "close other programs: M6-mini wants about 300 MiB",
                   "%.0f MiB are free", bytes / 1048576);
    else
        doctor_add(d, FINDING_OK, "memory", NULL, "%.1f GiB are free", bytes / 1073741824);
}

/* ---- the model ---- */

void doctor_model(struct doctor *d)
{
    char path[PATH_MAX];
    struct m6_error err;
    struct m6_model_info info = {0};
    struct timespec from, to;
    const int found = m6_find_model(d->ctx->model, path, sizeof path) == 0;
    const struct m6_host_params params = {.model = found ? path : NULL,
                                          .threads = (int)d->ctx->threads};
    if (m6_host_create(&d->host, &params, &err)) {
        d->host = NULL;
        doctor_add(d, FINDING_BAD, "host", "install m6 again", "cannot start: %s", err.text);
        return;
    }
    if (!found) {
        doctor_add(d, FINDING_BAD, "model",
                   "install m6 whole (share/m6/models), or name a folder with --model or M6_MODEL",
                   "none was found%s%s", d->ctx->model ? " under the name " : "",
                   d->ctx->model ? d->ctx->model : "");
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    if (m6_host_load(d->host, NULL, NULL, &err)) {
        doctor_add(d, FINDING_BAD, "model",
                   "get the folder again: it is incomplete or from another version",
                   "%s cannot be loaded: %s", path, err.text);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    m6_engine_info(m6_host_engine(d->host), &info);
    const double seconds =
        (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
    doctor_add(d, FINDING_OK, "model", NULL,
               "%s, %.1f million parameters, %.1f MiB, loaded in %.2f s from %s", info.name,
               (double)info.parameters / 1e6, (double)info.weight_bytes / 1048576, seconds, path);
    doctor_add(d, FINDING_OK, "runs on", NULL, "%s, %s, %s", info.backend, info.isa, info.compute);
}

/* ---- plugins ---- */

void doctor_plugins(struct doctor *d)
{
    static const char *const needed[] = {"caption", "draw", "script", "ask"};
    char folder[PATH_MAX];
    if (m6_find_plugins(folder, sizeof folder))
        doctor_add(d, FINDING_BAD, "plugins",
                   "install m6 whole (lib/m6/plugins), or point M6_PLUGIN_PATH at their folder",
                   "no folder of plugins was found");
    for (int i = 0; d->host && i < m6_host_plugins(d->host); i++) {
        const struct m6_plugin_report *p = m6_host_plugin(d->host, i);
        if (p->usable)
            doctor_add(d, FINDING_OK, "plugin", NULL, "%s %s: %s%s", p->name, p->version,
                       p->description, p->apart ? " (in processes of its own)" : "");
        else
            doctor_add(d, FINDING_NOTE, "plugin", "update or remove that file",
                       "%s is not usable: %s", p->path, p->why);
    }
    for (size_t i = 0; d->host && i < sizeof needed / sizeof *needed; i++) {
        if (!m6_host_schema(d->host, needed[i]))
            doctor_add(d, FINDING_BAD, "plugin", "install m6 whole, or see M6_PLUGIN_PATH",
                       "none can do '%s'", needed[i]);
    }
}

/* ---- video, fonts, the rest ---- */

static void look_at_fonts(struct doctor *d)
{
    static const char *const langs[][3] = {{"en", "letters", "apt-get install fonts-dejavu-core"},
                                           {"zh", "Chinese", "apt-get install fonts-noto-cjk"}};
    const struct m6_title *title;
    struct m6_error err;
    if (title_load(&title, &err)) {
        doctor_add(d, FINDING_NOTE, "captions", "apt-get install libpangocairo-1.0-0", "%s",
                   err.text);
        return;
    }
    for (size_t i = 0; i < sizeof langs / sizeof *langs; i++) {
        char family[128];
        if (title->font(langs[i][0], family, sizeof family))
            doctor_add(d, FINDING_NOTE, "font", langs[i][2],
                       "no font for %s: captions would show boxes", langs[i][1]);
        else
            doctor_add(d, FINDING_OK, "font", NULL, "%s: %s", langs[i][1], family);
    }
}

static void look_at_programs(struct doctor *d)
{
    static const char *const programs[] = {"m6-train", "m6-eval", "m6-bench", "m6-plugin"};
    char path[PATH_MAX], missing[96] = "";
    size_t at = 0;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (m6_find_libexec(programs[i], path, sizeof path))
            at += (size_t)snprintf(missing + at, sizeof missing - at, "%s%s", at ? ", " : "",
                                   programs[i]);
    }
    if (at)
        doctor_add(d, FINDING_NOTE, "programs",
                   "install m6 whole (libexec/m6); only training, measuring and plugins of others need them",
                   "not here: %s", missing);
    else
        doctor_add(d, FINDING_OK, "programs", NULL, "m6-train, m6-eval, m6-bench, m6-plugin");
}

void doctor_media(struct doctor *d)
{
    const struct m6_media *media;
    struct m6_error err;
    char text[1024], path[PATH_MAX];
    if (m6_media_load(&media, &err)) {
        doctor_add(d, FINDING_BAD, "video",
                   "apt-get install libavformat59 libavcodec59 libswscale6, and install m6 whole", "%s",
                   err.text);
    } else {
        media->describe(text, sizeof text);
        doctor_add(d, FINDING_OK, "video", NULL, "%s", text);
    }
    look_at_fonts(d);
    if (m6_find_preset("animatic-720p", path, sizeof path))
        doctor_add(d, FINDING_NOTE, "presets",
                   "install m6 whole (share/m6/presets), or see M6_PRESET_PATH", "not found");
    else
        doctor_add(d, FINDING_OK, "presets", NULL, "%.*s", (int)(strrchr(path, '/') - path), path);
    look_at_programs(d);
}
