/* What the model says of frames: captions and answers. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

static const char *const lang_code[SW_LANGS] = {"en", "zh"};

static void pictures_of(const uint8_t *rgb, int frames, struct m6_picture *picture)
{
    for (int f = 0; f < frames; f++)
        picture[f] = (struct m6_picture){.width = SW_WIDTH,
                                         .height = SW_HEIGHT,
                                         .stride = (size_t)SW_WIDTH * 3,
                                         .rgb = rgb + (size_t)f * SW_WIDTH * SW_HEIGHT * 3};
}

static enum m6_status caption(const struct eval_run *run, int i, int clip, enum sw_lang lang, struct eval_tally *tally,
                              struct m6_error *err)
{
    struct sw_scene scene;
    eval_scene(run, i, clip, &scene);
    uint8_t *rgb = eval_frames(&scene, clip, NULL);
    if (!rgb)
        return m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
    struct m6_picture picture[SW_CLIP_FRAMES];
    int frames = clip ? SW_CLIP_FRAMES : 1;
    pictures_of(rgb, frames, picture);
    char text[SW_SCRIPT_MAX];
    struct m6_request_params params = {
        .task = M6_TASK_CAPTION, .pictures = picture, .picture_count = frames, .lang = lang_code[lang]};
    enum m6_status status = eval_request(run, &params, text, err);
    if (!status) {
        struct sw_score score;
        sw_score_text(&scene, text, lang, &score);
        if (clip) {
            eval_tally_add(tally, EVAL_MOTION, score.motion == 1);
        } else {
            const int got[] = {score.subject, score.colour, score.place, score.time, score.weather, score.shot};
            for (int a = EVAL_SUBJECT; a <= EVAL_SHOT; a++)
                eval_tally_add(tally, a, got[a] == 1);
        }
        char name[64];
        snprintf(name, sizeof name, "%s-caption-%s.txt", clip ? "clip" : "still", lang_code[lang]);
        status = eval_dump_text(run, i, name, text, err);
    }
    free(rgb);
    return status;
}

enum m6_status eval_captions(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    cJSON *json = cJSON_AddObjectToObject(report, "caption");
    for (int lang = 0; lang < SW_LANGS; lang++) {
        struct eval_tally tally = {0};
        for (int i = 0; i < run->count; i++) {
            for (int clip = 0; clip <= 1; clip++) {
                enum m6_status status = caption(run, i, clip, (enum sw_lang)lang, &tally, err);
                if (status)
                    return status;
            }
            eval_progress(run, lang == SW_EN ? "captions, en" : "captions, zh", i + 1, run->count);
        }
        cJSON_AddItemToObject(json, lang_code[lang], eval_tally_json(&tally));
    }
    return M6_OK;
}

/* Equal but for case, surrounding space and a full stop at the end. */
static int same_answer(const char *a, const char *b)
{
    static const char zh_stop[] = "。";
    char line[2][SW_TEXT_MAX];
    const char *from[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        while (isspace((unsigned char)*from[k]))
            from[k]++;
        snprintf(line[k], sizeof line[k], "%.*s", SW_TEXT_MAX - 1, from[k]);
        size_t length = strlen(line[k]);
        while (length && (isspace((unsigned char)line[k][length - 1]) || line[k][length - 1] == '.'))
            line[k][--length] = '\0';
        size_t stop = sizeof zh_stop - 1;
        if (length >= stop && !strcmp(line[k] + length - stop, zh_stop))
            line[k][length - stop] = '\0';
        for (char *c = line[k]; *c; c++)
            *c = (char)tolower((unsigned char)*c);
    }
    return !strcmp(line[0], line[1]);
}

enum m6_status eval_questions(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    long right[SW_QUESTIONS] = {0}, total[SW_QUESTIONS] = {0}, all_right = 0, all = 0;
    for (int i = 0; i < run->count; i++) {
        for (int clip = 0; clip <= 1; clip++) {
            struct sw_scene scene;
            eval_scene(run, i, clip, &scene);
            uint8_t *rgb = eval_frames(&scene, clip, NULL);
            if (!rgb)
                return m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
            int frames = clip ? SW_CLIP_FRAMES : 1;
            struct m6_picture picture[SW_CLIP_FRAMES];
            pictures_of(rgb, frames, picture);
            /* Clips are asked what only a clip can tell; stills everything else. */
            int first = clip ? SW_Q_MOTION : 0, last = clip ? SW_QUESTIONS : SW_Q_MOTION;
            for (int type = first; type < last; type++) {
                enum sw_lang lang = (i + type) % 2 ? SW_ZH : SW_EN;
                char question[SW_TEXT_MAX], answer[SW_TEXT_MAX], text[SW_SCRIPT_MAX];
                uint64_t seed = run->seed + (uint64_t)i * SW_QUESTIONS + (uint64_t)type;
                if (sw_ask(&scene, (enum sw_question)type, lang, clip, seed, question, answer, sizeof question))
                    continue;
                struct m6_request_params params = {.task = M6_TASK_ASK,
                                                   .pictures = picture,
                                                   .picture_count = frames,
                                                   .text = question,
                                                   .lang = lang_code[lang]};
                enum m6_status status = eval_request(run, &params, text, err);
                if (status) {
                    free(rgb);
                    return status;
                }
                int ok = same_answer(text, answer);
                right[type] += ok;
                total[type]++;
                all_right += ok;
                all++;
                char name[64], line[3 * SW_TEXT_MAX];
                snprintf(name, sizeof name, "ask-%s.txt", sw_question_name(type));
                for (char *blank = name; (blank = strchr(blank, ' '));)
                    *blank = '-';
                snprintf(line, sizeof line, "%s\n%.1000s\n%s", question, text, answer);
                if ((status = eval_dump_text(run, i, name, line, err))) {
                    free(rgb);
                    return status;
                }
            }
            free(rgb);
        }
        eval_progress(run, "questions", i + 1, run->count);
    }
    cJSON *json = cJSON_AddObjectToObject(report, "ask");
    cJSON_AddNumberToObject(json, "exact", all ? (double)all_right / (double)all : 0);
    cJSON *types = cJSON_AddObjectToObject(json, "types");
    for (int type = 0; type < SW_QUESTIONS; type++)
        if (total[type])
            cJSON_AddNumberToObject(types, sw_question_name(type), (double)right[type] / (double)total[type]);
    return M6_OK;
}
