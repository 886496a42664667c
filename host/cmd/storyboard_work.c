#include "storyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "animatic/animatic.h"
#include "core/stills.h"
#include "interrupt.h"
#include "output.h"
#include "progress.h"

static int is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int name_output(struct cmd_context *ctx, const char *video, const char *suffix, char **path)
{
    *path = outfile_sibling(video, suffix);
    return *path ? output_check(ctx, *path) : cmd_fail(ctx, CMD_FAILED, "out of memory");
}

int storyboard_name_outputs(struct storyboard *s, const char *video, int shots)
{
    struct cmd_context *ctx = s->session.ctx;
    char suffix[16];
    s->video_path = strdup(video);
    int code =
        s->video_path ? output_check(ctx, video) : cmd_fail(ctx, CMD_FAILED, "out of memory");
    if (!code)
        code = name_output(ctx, video, ".srt", &s->captions_path);
    if (!code) {
        s->script_path = outfile_sibling(video, ".fountain");
        if (!s->script_path)
            code = cmd_fail(ctx, CMD_FAILED, "out of memory");
        else if (!s->o->script || !is_same_file(s->o->script, s->script_path))
            code = output_check(ctx, s->script_path);
    }
    for (int i = 0; i < shots && !code; i++) {
        snprintf(suffix, sizeof suffix, "-%03d.png", i + 1);
        code = name_output(ctx, video, suffix, &s->picture_path[i]);
    }
    return code;
}

static double rate_of(const struct storyboard *s)
{
    return (double)s->o->fps.num / s->o->fps.den;
}

int storyboard_draw(struct storyboard *s)
{
    struct cmd_context *ctx = s->session.ctx;
    if (shots_plan(s->script, s->o->seconds, rate_of(s), &s->plan))
        return cmd_fail(ctx, CMD_FAILED, "out of memory");
    int code = 0;
    for (int i = 0; i < s->plan.count && !code; i++) {
        const char *prompt = s->plan.shot[i].prompt;
        if (!*prompt)
            return cmd_fail(
                ctx, CMD_INPUT,
                "shot %d of the script (%s) says nothing to draw; give it an action line",
                s->script->scene[i].number, s->script->scene[i].heading);
        const struct jobs_drawing drawing = {
            .prompt = prompt,
            .seed = ctx->seed + (uint64_t)i * (uint64_t)s->o->best,
            .best = (int)s->o->best,
            .mode = s->o->mode,
            .guidance = s->o->guidance,
            .index = i,
            .count = s->plan.count,
        };
        code = jobs_draw(&s->session, &drawing, &s->drawn[i]);
    }
    return code;
}

/* ---- the video ---- */

struct writer {
    struct m6_media_video *video;
    const struct m6_media *media;
};

static enum m6_status take_frame(void *arg, int index, int total,
                                 const struct m6_plugin_picture *picture, struct m6_error *err)
{
    struct writer *w = arg;
    if (interrupt_signal())
        return M6_ERR_CANCELLED;
    progress_show("animating", index, total);
    return w->media->video_frame(w->video, picture, err);
}

static int64_t time_of(const struct storyboard *s, int frame)
{
    return ((int64_t)frame * 1000000000 * s->o->fps.den + s->o->fps.num / 2) / s->o->fps.num;
}

static struct m6_media_cue *make_cues(const struct storyboard *s)
{
    struct m6_media_cue *cues = calloc((size_t)s->plan.cue_count + 1, sizeof *cues);
    for (int i = 0; cues && i < s->plan.cue_count; i++) {
        const struct shot_cue *c = &s->plan.cue[i];
        cues[i] = (struct m6_media_cue){time_of(s, c->start), time_of(s, c->end), c->text};
    }
    return cues;
}

static enum m6_status render(struct storyboard *s, struct writer *w,
                             const struct m6_media_cue *cues, struct m6_error *err)
{
    const struct shots *plan = &s->plan;
    struct animatic_shot *shots = calloc((size_t)plan->count, sizeof *shots);
    struct animatic_cue *titles = calloc((size_t)plan->cue_count + 1, sizeof *titles);
    enum m6_status status = shots && titles ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "out of memory");
    for (int i = 0; i < plan->count && !status; i++)
        shots[i] = (struct animatic_shot){s->drawn[i].pictures[0].picture, plan->shot[i].move,
                                          plan->shot[i].frames};
    for (int i = 0; i < plan->cue_count && !status; i++) {
        titles[i] = (struct animatic_cue){plan->cue[i].start, plan->cue[i].end, plan->cue[i].text};
        if (!strcmp(s->o->captions, "mux"))
            status = s->media->video_cue(w->video, &cues[i], err);
    }
    if (!status) {
        const struct animatic a = {
            .width = s->o->size.width,
            .height = s->o->size.height,
            .rate = rate_of(s),
            .shots = shots,
            .shot_count = plan->count,
            .cues = titles,
            .cue_count = plan->cue_count,
            .title = s->title,
            .lang = s->lang,
            .frame = take_frame,
            .arg = w,
        };
        status = animatic_render(&a, err);
    }
    free(shots);
    free(titles);
    return status;
}

int storyboard_animate(struct storyboard *s)
{
    struct cmd_context *ctx = s->session.ctx;
    struct m6_error err;
    struct writer w = {.media = s->media};
    char comment[1024];
    struct m6_media_cue *cues = make_cues(s);
    enum m6_status status = cues ? outfile_begin(&s->video, s->video_path, ctx->overwrite, &err)
                                 : m6_fail(&err, M6_ERR_MEMORY, "out of memory");
    snprintf(comment, sizeof comment, "m6 %s, model %s, seed %llu%s%s", M6_VERSION,
             output_model_name(&s->session), (unsigned long long)ctx->seed, s->idea ? ": " : "",
             s->idea ? s->idea : "");
    const struct m6_media_video_params p = {
        .path = s->video.temp,
        .width = s->o->size.width,
        .height = s->o->size.height,
        .rate_num = s->o->fps.num,
        .rate_den = s->o->fps.den,
        .captions = !strcmp(s->o->captions, "mux"),
        .lang = s->lang,
        .title = *s->script->title ? s->script->title : NULL,
        .comment = comment,
        .quality = (int)s->o->quality,
    };
    if (!status)
        status = s->media->video_create(&p, &w.video, &err);
    if (!status)
        status = render(s, &w, cues, &err);
    if (!status)
        status = s->media->video_finish(w.video, &err);
    s->media->video_destroy(w.video);
    free(cues);
    if (status)
        outfile_name_in(&s->video, &err);
    const int interrupted = session_interrupted(ctx);
    if (interrupted)
        return interrupted;
    progress_clear();
    return status ? cmd_fail(ctx, status == M6_ERR_MODEL ? CMD_MODEL : CMD_FAILED, "%s", err.text)
                  : 0;
}

/* ---- everything beside it ---- */

static enum m6_status write_pictures(struct storyboard *s, struct m6_error *err)
{
    enum m6_status status = M6_OK;
    for (int i = 0; i < s->plan.count && !status; i++) {
        const struct session_picture *p = &s->drawn[i].pictures[0];
        status = outfile_begin(&s->picture[i], s->picture_path[i], s->session.ctx->overwrite, err);
        if (!status)
            status = m6_still_write_png(s->picture[i].temp, &p->picture,
                                        (const char *const *)p->metadata, err);
        if (status)
            outfile_name_in(&s->picture[i], err);
    }
    return status;
}

static enum m6_status write_captions(struct storyboard *s, struct m6_error *err)
{
    struct m6_media_cue *cues = make_cues(s);
    enum m6_status status =
        cues ? outfile_begin(&s->captions, s->captions_path, s->session.ctx->overwrite, err)
             : m6_fail(err, M6_ERR_MEMORY, "out of memory");
    if (!status) {
        const struct m6_media_captions_params p = {
            .path = s->captions.temp, .format = "srt", .lang = s->lang};
        status = s->media->captions_write(&p, cues, (size_t)s->plan.cue_count, err);
        if (status)
            outfile_name_in(&s->captions, err);
    }
    free(cues);
    return status;
}

static enum m6_status write_script(struct storyboard *s, struct m6_error *err)
{
    if (s->o->script && is_same_file(s->o->script, s->script_path))
        return M6_OK;
    const enum m6_status status =
        outfile_begin(&s->fountain, s->script_path, s->session.ctx->overwrite, err);
    return status ? status : outfile_write(&s->fountain, s->text, strlen(s->text), err);
}

static enum m6_status commit_all(struct storyboard *s, struct m6_error *err)
{
    enum m6_status status = outfile_commit(&s->video, err);
    if (!status)
        status = outfile_commit(&s->captions, err);
    if (!status && s->fountain.path)
        status = outfile_commit(&s->fountain, err);
    for (int i = 0; i < s->plan.count && !status; i++)
        status = outfile_commit(&s->picture[i], err);
    if (status) {
        outfile_withdraw(&s->video);
        outfile_withdraw(&s->captions);
        outfile_withdraw(&s->fountain);
        for (int i = 0; i < s->plan.count; i++)
            outfile_withdraw(&s->picture[i]);
    }
    return status;
}

static int report_json(struct storyboard *s)
{
    cJSON *o = fountain_to_json(s->script);
    cJSON *shot = cJSON_GetObjectItem(o, "shots")->child;
    for (int i = 0; shot; shot = shot->next, i++) {
        cJSON_AddStringToObject(shot, "prompt", s->plan.shot[i].prompt);
        cJSON_AddStringToObject(shot, "move", move_name(s->plan.shot[i].move));
        cJSON_AddNumberToObject(shot, "seconds", s->plan.shot[i].frames / rate_of(s));
        cJSON_AddItemToObject(shot, "picture",
                              jobs_describe_picture(s->picture_path[i], &s->drawn[i].pictures[0]));
    }
    cJSON_AddStringToObject(o, "video", s->video_path);
    cJSON_AddStringToObject(o, "script", s->fountain.path ? s->script_path : s->o->script);
    cJSON_AddStringToObject(o, "captions", s->captions_path);
    output_add_origin(o, &s->session);
    return output_json(s->session.ctx, o, CMD_DONE);
}

int storyboard_deliver(struct storyboard *s)
{
    struct cmd_context *ctx = s->session.ctx;
    struct m6_error err;
    enum m6_status status = write_pictures(s, &err);
    if (!status)
        status = write_captions(s, &err);
    if (!status)
        status = write_script(s, &err);
    const int interrupted = session_interrupted(ctx);
    if (interrupted)
        return interrupted;
    if (!status)
        status = commit_all(s, &err);
    if (status)
        return cmd_fail(ctx, CMD_FAILED, "%s", err.text);
    if (ctx->json)
        return report_json(s);
    const double seconds = s->plan.frames / rate_of(s);
    cmd_say(ctx, "%s: %d shot%s, %.1f s, seed %llu", s->video_path, s->plan.count,
            s->plan.count == 1 ? "" : "s", seconds, (unsigned long long)ctx->seed);
    if (s->fountain.path)
        cmd_say(ctx, "%s", s->script_path);
    cmd_say(ctx, "%s", s->captions_path);
    for (int i = 0; i < s->plan.count; i++)
        cmd_say(ctx, "%s", s->picture_path[i]);
    return CMD_DONE;
}
