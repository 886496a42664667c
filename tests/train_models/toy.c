#include "toy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train/bpe.h"

static const char *const places[] = {"left", "right", "top", "bottom"}, *const colours[] = {"red", "blue"};
static const char *const places_zh[] = {"左", "右", "上", "下"}, *const colours_zh[] = {"红", "蓝"};

static void draw(struct m6_example *e, int place, int colour)
{
    const int w = e->width, h = e->height, side = h / 3;
    const int x0 = place == 0 ? 0 : place == 1 ? w - side : (w - side) / 2;
    const int y0 = place == 2 ? 0 : place == 3 ? h - side : (h - side) / 2;
    for (int f = 0; f < e->frames; f++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                const int in = x >= x0 && x < x0 + side && y >= y0 && y < y0 + side;
                const size_t at = (size_t)(f * h + y) * w + x;
                e->rgb[at * 3] = in ? (colour ? 20 : 230) : 200;
                e->rgb[at * 3 + 1] = in ? 30 : (uint8_t)(150 + y);
                e->rgb[at * 3 + 2] = in ? (colour ? 220 : 20) : 190;
                if (e->mask)
                    e->mask[at] = in ? 255 : 0;
            }
}

static enum m6_status example(void *self, enum m6_split split, int clip, uint64_t index, struct m6_example *e,
                              struct m6_error *err)
{
    const int place = (int)(index % 4), colour = (int)(index / 4 % 2);
    e->frames = clip ? M6_CLIP_FRAMES : 1;
    if (e->rgb)
        draw(e, place, colour);
    snprintf(e->caption[0], sizeof e->caption[0], "A %s square at the %s.", colours[colour], places[place]);
    snprintf(e->wrong[0], sizeof e->wrong[0], "A %s square at the %s.", colours[!colour], places[place]);
    snprintf(e->prompt[0], sizeof e->prompt[0], "%s, %s square", places[place], colours[colour]);
    snprintf(e->caption[1], sizeof e->caption[1], "%s边的%s色方块。", places_zh[place], colours_zh[colour]);
    snprintf(e->wrong[1], sizeof e->wrong[1], "%s边的%s色方块。", places_zh[place], colours_zh[!colour]);
    snprintf(e->prompt[1], sizeof e->prompt[1], "%s色方块，%s", colours_zh[colour], places_zh[place]);
    e->questions = 1;
    strcpy(e->question[0].question, "Where is it?");
    strcpy(e->question[0].answer, places[place]);
    e->label[0] = place;
    e->label[1] = colour;
    return M6_OK;
}

static enum m6_status script(void *self, enum m6_split split, uint64_t index, struct m6_script_example *e,
                             struct m6_error *err)
{
    e->lang = M6_LANG_EN;
    e->shots = 1 + (int)(index % 2);
    snprintf(e->idea, sizeof e->idea, "a %s square", colours[index % 2]);
    snprintf(e->script, sizeof e->script, "INT. ROOM\n\nThe %s square rests.\n", colours[index % 2]);
    return M6_OK;
}

static const struct m6_label_group groups[] = {{"place", 1, 4, -1}, {"colour", 1, 2, -1}};

const struct m6_source toy_source = {.stills = 1,
                                     .clips = 1,
                                     .scripts = 1,
                                     .group = groups,
                                     .groups = 2,
                                     .example = example,
                                     .script = script};

void toy_draw(int width, int height, int index, uint8_t *rgb)
{
    struct m6_example e = {.width = width, .height = height, .rgb = rgb, .frames = 1};
    draw(&e, index % 4, index / 4 % 2);
}

const char toy_image[] = "\"batch\":{\"pictures\":8},\"average\":0.9,"
                         "\"optimizer\":{\"lr\":0.006,\"warmup\":20,\"weight_decay\":0}";
const char toy_judge[] = "\"batch\":{\"pictures\":8},\"judge_channels\":[8,16,16],\"average\":0.9,"
                         "\"optimizer\":{\"lr\":0.005,\"warmup\":10}";
const char toy_m6[] = "\"tokenizer\":\"tokenizer.json\",\"image_tokenizer\":\"image\","
                      "\"batch\":{\"pictures\":6,\"drawings\":2,\"clips\":1,\"scripts\":1,\"texts\":1},\"average\":0.9,"
                      "\"optimizer\":{\"lr\":0.004,\"warmup\":20,\"weight_decay\":0}";

void toy_recipe(struct m6_recipe *r, const char *folder, const char *kind, const char *run, int steps, const char *more)
{
    char text[2048], path[M6_PATH_BYTES + 16];
    struct m6_error err = {""};
    const char *data = strstr(more, "\"data\"") ? "" : "\"data\":{\"source\":\"toy\"},";
    const char *precision = strstr(more, "\"precision\"") ? "" : "\"precision\":\"f32\",";
    const char *threads = strstr(more, "\"threads\"") ? "" : "\"threads\":2,";
    snprintf(text, sizeof text,
             "{\"kind\":\"%s\",\"config\":\"config.json\",\"folder\":\"%s\",\"steps\":%d,%s%s%s"
             "\"eval\":{\"every\":100000,\"batches\":1},\"checkpoint_seconds\":1000,%s}",
             kind, run, steps, data, precision, threads, more);
    toy_write(folder, "r.json", text);
    snprintf(path, sizeof path, "%s/r.json", folder);
    if (m6_recipe_read(r, path, folder, &err))
        fail_msg("%s", err.text);
}

void toy_train(const struct m6_recipe *r, struct m6_source *source, int fresh, struct m6_metrics *m)
{
    struct m6_trainer *t;
    struct m6_error err = {""};
    if (m6_trainer_create(&t, r, source, &err) || m6_trainer_run(t, fresh, &err))
        fail_msg("%s", err.text);
    memset(m, 0, sizeof *m);
    if (t->job->evaluate(t, m, &err))
        fail_msg("%s", err.text);
    m6_trainer_destroy(t);
}

void toy_folder(char path[M6_PATH_BYTES])
{
    snprintf(path, M6_PATH_BYTES, "/tmp/m6-train-test-XXXXXX");
    if (!mkdtemp(path))
        abort();
}

void toy_remove(const char *path)
{
    char command[M6_PATH_BYTES + 16];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command))
        fprintf(stderr, "cannot remove %s\n", path);
}

void toy_write(const char *folder, const char *name, const char *text)
{
    char path[2 * M6_PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        abort();
}

static const char config[] =
    "{\"model_type\":\"m6\",\"name\":\"toy\",\"d_model\":32,\"layers\":2,\"heads\":2,\"ffn\":64,\"experts\":4,"
    "\"prototypes\":2,\"expert_ffn\":32,\"sparse_every\":2,\"vocab\":320,\"text_max\":64,\"width\":64,\"height\":48,"
    "\"stem\":[8,16,16],\"code_w\":4,\"code_h\":3,\"slots\":4,\"codes\":100,\"levels\":[5,5,4],\"depth_ffn\":32,"
    "\"tok_channels\":[16,24],\"tok_encoder_blocks\":[0,1],\"tok_decoder_blocks\":[0,1]}";

void toy_prepare(const char *folder)
{
    struct m6_example e = {0};
    struct m6_script_example s = {0};
    struct m6_bpe *b;
    char path[2 * M6_PATH_BYTES];
    toy_write(folder, "config.json", config);
    if (m6_bpe_create(&b, NULL, NULL))
        abort();
    for (uint64_t i = 0; i < 8; i++) {
        example(NULL, M6_SPLIT_TRAIN, 0, i, &e, NULL);
        script(NULL, M6_SPLIT_TRAIN, i, &s, NULL);
        m6_bpe_add(b, e.caption[0], strlen(e.caption[0]), NULL);
        m6_bpe_add(b, e.caption[1], strlen(e.caption[1]), NULL);
        m6_bpe_add(b, s.script, strlen(s.script), NULL);
    }
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    if (m6_bpe_learn(b, 320, NULL) || m6_bpe_write(b, path, NULL))
        abort();
    m6_bpe_destroy(b);
}
