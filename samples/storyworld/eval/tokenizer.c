/* The image tokenizer: what is left of a true frame after a round trip through its codes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"

static double decibels(double squared_error, double samples)
{
    return samples > 0 ? -10 * log10(squared_error / samples / (255.0 * 255.0) + 1e-12) : 0;
}

enum m6_status eval_tokenizer(const struct eval_run *run, cJSON *report, struct m6_error *err)
{
    enum { PIXELS = SW_WIDTH * SW_HEIGHT };
    double error = 0, samples = 0, subject_error = 0, subject_samples = 0;
    uint8_t *mask = malloc(PIXELS), *back = malloc(PIXELS * 3);
    enum m6_status status = mask && back ? M6_OK : m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
    for (int i = 0; i < run->count && !status; i++) {
        struct sw_scene scene;
        eval_scene(run, i, 0, &scene);
        uint8_t *rgb = eval_frames(&scene, 0, mask);
        if (!rgb) {
            status = m6_fail(err, M6_ERR_MEMORY, "no memory for a frame");
            break;
        }
        /* Keeping all of a picture while drawing is exactly a round trip. */
        struct m6_picture picture = {.width = SW_WIDTH, .height = SW_HEIGHT, .stride = SW_WIDTH * 3, .rgb = rgb};
        struct m6_rect all = {0, 0, SW_WIDTH, SW_HEIGHT};
        char prompt[SW_TEXT_MAX];
        sw_caption(&scene, SW_EN, 0, prompt, sizeof prompt);
        struct m6_request_params params = {
            .task = M6_TASK_DRAW, .text = prompt, .image = &picture, .keep = &all, .keep_count = 1};
        memset(back, 0, PIXELS * 3);
        status = eval_request(run, &params, NULL, back, NULL, err);
        for (int p = 0; p < PIXELS && !status; p++) {
            double sum = 0;
            for (int c = 0; c < 3; c++) {
                double d = (double)rgb[p * 3 + c] - back[p * 3 + c];
                sum += d * d;
            }
            error += sum;
            samples += 3;
            if (mask[p]) {
                subject_error += sum;
                subject_samples += 3;
            }
        }
        if (!status)
            eval_dump_picture(run, i, "roundtrip.png", back);
        free(rgb);
        eval_progress(run, "image tokenizer", i + 1, run->count);
    }
    free(mask);
    free(back);
    if (status)
        return status;
    cJSON *json = cJSON_AddObjectToObject(report, "tokenizer");
    cJSON_AddNumberToObject(json, "psnr_db", decibels(error, samples));
    cJSON_AddNumberToObject(json, "subject_psnr_db", decibels(subject_error, subject_samples));
    return eval_codes_used(run, json, err);
}
