#include "eval.h"

static const char *const names[EVAL_ATTRIBUTES] = {"subject", "colour", "place", "time", "weather", "shot", "motion"};

void eval_tally_add(struct eval_tally *tally, int attribute, int right)
{
    tally->total[attribute]++;
    tally->right[attribute] += right != 0;
}

cJSON *eval_tally_json(const struct eval_tally *tally)
{
    cJSON *json = cJSON_CreateObject();
    double sum = 0;
    int counted = 0;
    cJSON_AddNumberToObject(json, "mean", 0);
    for (int a = 0; a < EVAL_ATTRIBUTES; a++) {
        if (!tally->total[a])
            continue;
        double share = (double)tally->right[a] / (double)tally->total[a];
        cJSON_AddNumberToObject(json, names[a], share);
        sum += share;
        counted++;
    }
    cJSON_SetNumberValue(cJSON_GetObjectItem(json, "mean"), counted ? sum / counted : 0);
    return json;
}
