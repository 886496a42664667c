/* Scripts, written by the script plugin as `m6 write` does. */
#include <stdio.h>
#include <string.h>

#include "core/host.h"
#include "eval.h"

struct script {
    char text[SW_SCRIPT_MAX];
    size_t length;
    int full;
};

static void on_event(void *arg, struct m6_job *job, const struct m6_job_event *event)
{
    struct script *script = arg;
    if (event->type != M6_JOB_TEXT)
        return;
    size_t more = strlen(event->text);
    script->full |= script->length + more >= sizeof script->text;
    if (!script->full) {
        memcpy(script->text + script->length, event->text, more + 1);
        script->length += more;
    }
}

enum m6_status eval_scripts(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    static const char *const lang_code[SW_LANGS] = {"en", "zh"};
    long valid = 0;
    for (int i = 0; i < run->count; i++) {
        enum sw_lang lang = i % 2 ? SW_ZH : SW_EN;
        struct sw_script truth;
        sw_script_random(&truth, run->split, lang, run->seed * 0x9e3779b97f4a7c15u + (uint64_t)i);
        cJSON *params = cJSON_CreateObject();
        cJSON_AddStringToObject(params, "idea", truth.idea);
        cJSON_AddNumberToObject(params, "shots", truth.shots);
        cJSON_AddStringToObject(params, "lang", lang_code[lang]);
        cJSON_AddNumberToObject(params, "seed", i + 1);
        struct script script = {.length = 0, .full = 0};
        struct m6_error failed = {""};
        enum m6_status status = eval_job(run, "script", params, on_event, &script, &failed);
        if (status == M6_ERR_CANCELLED) {
            *err = failed;
            return status;
        }
        char why[SW_TEXT_MAX] = "";
        int ok = !status && !script.full && sw_script_valid(script.text, truth.idea, truth.shots, lang, why, sizeof why);
        valid += ok;
        if (run->dump) {
            char page[SW_SCRIPT_MAX + 3 * SW_TEXT_MAX];
            snprintf(page, sizeof page, "[[ %d: %s ]]\n[[ %s ]]\n%s", truth.shots, truth.idea,
                     ok ? "valid" : (status ? failed.text : why), script.text);
            if ((status = eval_dump_text(run, i, "script.fountain", page, err)))
                return status;
        }
        eval_progress(run, "scripts", i + 1, run->count);
    }
    cJSON *json = cJSON_AddObjectToObject(report, "write");
    cJSON_AddNumberToObject(json, "valid", run->count ? (double)valid / run->count : 0);
    return M6_OK;
}
