/* The plain word for every value of every enum, and the fixed phrases that captions use. */
#include "text.h"

typedef const char *pair[SW_LANGS];

static const char *pick(const pair *table, int count, int i, enum sw_lang lang)
{
    return i >= 0 && i < count && (lang == SW_EN || lang == SW_ZH) ? table[i][lang] : NULL;
}

const char *sw_kind_name(int kind, enum sw_lang lang)
{
    static const pair table[SW_KINDS] = {
        {"person", "人"}, {"dog", "狗"},   {"cat", "猫"},  {"bird", "鸟"},        {"horse", "马"},
        {"car", "汽车"},  {"bus", "巴士"}, {"boat", "船"}, {"bicycle", "自行车"}, {"house", "房子"},
        {"tree", "树"},   {"cup", "杯子"}, {"bag", "包"}};
    return pick(table, SW_KINDS, kind, lang);
}

const char *sw_colour_name(int colour, enum sw_lang lang)
{
    static const pair table[SW_COLOURS] = {
        {"red", "红色"},  {"orange", "橙色"}, {"yellow", "黄色"}, {"green", "绿色"},
        {"blue", "蓝色"}, {"purple", "紫色"}, {"white", "白色"},  {"black", "黑色"}};
    return pick(table, SW_COLOURS, colour, lang);
}

const char *sw_place_name(int place, enum sw_lang lang)
{
    static const pair table[SW_PLACES] = {
        {"sea", "大海"},    {"beach", "海滩"},     {"forest", "森林"}, {"city", "城市"},
        {"desert", "沙漠"}, {"mountains", "高山"}, {"field", "田野"},  {"room", "房间"}};
    return pick(table, SW_PLACES, place, lang);
}

const char *sw_time_name(int time, enum sw_lang lang)
{
    static const pair table[SW_TIMES] = {
        {"dawn", "黎明"}, {"day", "白天"}, {"dusk", "黄昏"}, {"night", "夜晚"}};
    return pick(table, SW_TIMES, time, lang);
}

const char *sw_weather_name(int weather, enum sw_lang lang)
{
    static const pair table[SW_WEATHERS] = {
        {"clear", "晴朗"}, {"cloudy", "多云"}, {"rain", "下雨"}, {"snow", "下雪"}};
    return pick(table, SW_WEATHERS, weather, lang);
}

const char *sw_shot_name(int shot, enum sw_lang lang)
{
    static const pair table[SW_SHOTS] = {
        {"close-up", "特写"}, {"medium", "中景"}, {"wide", "远景"}};
    return pick(table, SW_SHOTS, shot, lang);
}

const char *sw_position_name(int position, enum sw_lang lang)
{
    static const pair table[SW_POSITIONS] = {
        {"left", "左边"}, {"centre", "中间"}, {"right", "右边"}};
    return pick(table, SW_POSITIONS, position, lang);
}

const char *sw_relation_name(int relation, enum sw_lang lang)
{
    static const pair table[SW_RELATIONS] = {
        {"alone", "独自"}, {"beside", "旁边"}, {"in front of", "前面"}, {"behind", "后面"}};
    return pick(table, SW_RELATIONS, relation, lang);
}

const char *sw_motion_name(int motion, enum sw_lang lang)
{
    static const pair table[SW_MOTIONS] = {
        {"still", "静止"}, {"left", "向左"}, {"right", "向右"}, {"jump", "跳跃"}};
    return pick(table, SW_MOTIONS, motion, lang);
}

const char *sw_camera_name(int camera, enum sw_lang lang)
{
    static const pair table[SW_CAMERAS] = {{"static", "固定"},
                                           {"pan left", "左摇"},
                                           {"pan right", "右摇"},
                                           {"zoom in", "推近"},
                                           {"zoom out", "拉远"}};
    return pick(table, SW_CAMERAS, camera, lang);
}

const char *sw_question_name(int type)
{
    static const char *const table[SW_QUESTIONS] = {
        "subject", "colour",    "place",      "time",    "weather", "shot",   "position",
        "count",   "is colour", "is subject", "indoors", "other",   "motion", "camera"};
    return type >= 0 && type < SW_QUESTIONS ? table[type] : NULL;
}

const char *sw_measure(enum sw_kind kind)
{
    static const char *const table[SW_KINDS] = {"个", "只", "只", "只", "匹", "辆", "辆",
                                                "艘", "辆", "座", "棵", "个", "个"};
    return table[kind];
}

const char *sw_place_phrase(enum sw_place place, enum sw_lang lang)
{
    static const pair table[SW_PLACES] = {
        {"at sea", "海上"},         {"on the beach", "海滩上"},  {"in the forest", "森林里"},
        {"in the city", "城市里"},  {"in the desert", "沙漠里"}, {"in the mountains", "高山上"},
        {"in the field", "田野里"}, {"in the room", "房间里"}};
    return pick(table, SW_PLACES, (int)place, lang);
}

const char *sw_time_phrase(enum sw_time time, enum sw_lang lang)
{
    static const pair table[SW_TIMES] = {
        {"at dawn", "黎明"}, {"by day", "白天"}, {"at dusk", "黄昏"}, {"at night", "夜晚"}};
    return pick(table, SW_TIMES, (int)time, lang);
}

const char *sw_weather_phrase(enum sw_weather weather, enum sw_lang lang)
{
    static const pair table[SW_WEATHERS] = {{"in clear weather", "晴朗的"},
                                            {"in cloudy weather", "多云的"},
                                            {"in the rain", "雨中的"},
                                            {"in the snow", "雪中的"}};
    return pick(table, SW_WEATHERS, (int)weather, lang);
}

const char *sw_position_phrase(enum sw_position position, enum sw_lang lang)
{
    static const pair table[SW_POSITIONS] = {
        {"on the left", "左边"}, {"in the centre", "中间"}, {"on the right", "右边"}};
    return pick(table, SW_POSITIONS, (int)position, lang);
}

const char *sw_relation_phrase(enum sw_relation relation, enum sw_lang lang)
{
    return sw_relation_name((int)relation, lang);
}
