#include <stdio.h>
#include <stdlib.h>

#include "command.h"

int command_scene(const struct options *o)
{
    struct sw_scene scene;
    char text[SW_TEXT_MAX], *json;

    sw_scene_random(&scene, o->split, o->clip, o->seed);
    if (!o->json) {
        sw_caption(&scene, o->lang, o->clip, text, sizeof text);
        puts(text);
        return 0;
    }
    json = sw_scene_to_json(&scene);
    if (!json) {
        fprintf(stderr, "storyworld: There is not enough memory.\n");
        return 1;
    }
    puts(json);
    free(json);
    return 0;
}

static void print_texts(const struct sw_scene *scene, const struct options *o, enum sw_lang lang)
{
    char text[SW_TEXT_MAX], answer[SW_TEXT_MAX];

    sw_caption(scene, lang, o->clip, text, sizeof text);
    printf("caption\t%s\n", text);
    for (int i = 0; i < 6; i++) {
        sw_prompt(scene, lang, i >= 4, o->seed + (uint64_t)i, text, sizeof text);
        printf("%s\t%s\n", i >= 4 ? "full prompt" : "prompt", text);
    }
    for (int type = 0; type < SW_QUESTIONS; type++)
        if (!sw_ask(scene, (enum sw_question)type, lang, o->clip, o->seed, text, answer,
                    sizeof text))
            printf("%s\t%s\t%s\n", sw_question_name(type), text, answer);
}

int command_texts(const struct options *o)
{
    struct sw_scene scene;

    sw_scene_random(&scene, o->split, o->clip, o->seed);
    for (int lang = 0; lang < SW_LANGS; lang++)
        print_texts(&scene, o, (enum sw_lang)lang);
    return 0;
}

int command_script(const struct options *o)
{
    struct sw_script *script = malloc(sizeof *script);

    if (!script) {
        fprintf(stderr, "storyworld: There is not enough memory.\n");
        return 1;
    }
    sw_script_random(script, o->split, o->lang, o->seed);
    fprintf(stderr, "idea: %s\n", script->idea);
    fputs(script->fountain, stdout);
    free(script);
    return 0;
}

static void print_stated(const char *name, const char *value)
{
    if (value)
        printf("%s\t%s\n", name, value);
}

int command_parse(const struct options *o, const char *text)
{
    struct sw_scene scene;
    int found = sw_parse(text, o->lang, &scene);

    for (int i = 0; i < found; i++) {
        print_stated("subject", sw_kind_name((int)scene.subject[i].kind, SW_EN));
        print_stated("colour", sw_colour_name((int)scene.subject[i].colour, SW_EN));
    }
    print_stated("position", sw_position_name((int)scene.subject[0].position, SW_EN));
    if (found > 1)
        print_stated("relation", sw_relation_name((int)scene.relation, SW_EN));
    print_stated("place", sw_place_name((int)scene.place, SW_EN));
    print_stated("time", sw_time_name((int)scene.time, SW_EN));
    print_stated("weather", sw_weather_name((int)scene.weather, SW_EN));
    print_stated("shot", sw_shot_name((int)scene.shot, SW_EN));
    print_stated("motion", sw_motion_name((int)scene.motion, SW_EN));
    print_stated("camera", sw_camera_name((int)scene.camera, SW_EN));
    return found ? 0 : 1;
}

int command_check(const struct options *o, const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    char *text = malloc(MOST), why[SW_TEXT_MAX];
    size_t n = file && text ? fread(text, 1, MOST - 1, file) : 0;
    int readable = file && text && !ferror(file), valid = 0;

    if (file)
        fclose(file);
    if (readable) {
        text[n] = 0;
        valid = sw_script_valid(text, o->idea ? o->idea : "", o->shots, o->lang, why, sizeof why);
        puts(valid ? "valid" : why);
    } else {
        fprintf(stderr, "storyworld: %s cannot be read; give the path of a Fountain script.\n",
                path);
    }
    free(text);
    return valid ? 0 : 1;
}
