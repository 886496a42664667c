/* Agreement of a text with a scene, attribute by attribute. */
#include "storyworld.h"

static int judge(int stated, int truth)
{
    return stated == -1 ? -1 : stated == truth;
}

void sw_score_text(const struct sw_scene *truth, const char *text, enum sw_lang lang,
                   struct sw_score *score)
{
    struct sw_scene said;
    int found = sw_parse(text, lang, &said), swapped, complete = 1, wrong = 0;
    int relation = (int)said.relation;

    swapped = truth->subjects > 1 && found && said.subject[0].kind == truth->subject[1].kind;
    score->subject = found ? found == truth->subjects : -1;
    for (int i = 0; i < found; i++) {
        int at = swapped ? 1 - i : i;
        if (at >= truth->subjects || said.subject[i].kind != truth->subject[at].kind)
            score->subject = 0;
        if ((int)said.subject[i].colour == -1)
            complete = 0;
        else if (at >= truth->subjects || said.subject[i].colour != truth->subject[at].colour)
            wrong = 1;
    }
    score->colour = wrong ? 0 : found && complete && found >= truth->subjects ? 1 : -1;
    if (swapped && relation == SW_IN_FRONT_OF)
        relation = SW_BEHIND;
    else if (swapped && relation == SW_BEHIND)
        relation = SW_IN_FRONT_OF;
    score->relation = found < 2 ? -1 : judge(relation, (int)truth->relation);
    score->position = judge((int)said.subject[0].position, (int)truth->subject[swapped].position);
    score->place = judge((int)said.place, (int)truth->place);
    score->time = judge((int)said.time, (int)truth->time);
    score->weather = judge((int)said.weather, (int)truth->weather);
    score->shot = judge((int)said.shot, (int)truth->shot);
    score->motion = judge((int)said.motion, (int)truth->motion);
    score->camera = judge((int)said.camera, (int)truth->camera);
}
