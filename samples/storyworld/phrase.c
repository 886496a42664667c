#include "phrase.h"

static const sw_synonyms nouns[SW_LANGS][SW_KINDS] = {{{"person", "man", "woman", "traveller"},
                                                       {"dog", "puppy"},
                                                       {"cat", "kitten"},
                                                       {"bird", "little bird"},
                                                       {"horse", "pony"},
                                                       {"car", "automobile", "sedan"},
                                                       {"bus", "coach"},
                                                       {"boat", "sailboat", "sailing boat"},
                                                       {"bicycle", "bike"},
                                                       {"house", "cottage"},
                                                       {"tree", "big tree"},
                                                       {"cup", "mug", "teacup"},
                                                       {"bag", "handbag", "purse"}},
                                                      {{"人", "行人", "旅人"},
                                                       {"狗", "小狗"},
                                                       {"猫", "小猫", "猫咪"},
                                                       {"鸟", "小鸟"},
                                                       {"马", "小马"},
                                                       {"汽车", "轿车", "小汽车"},
                                                       {"巴士", "公交车", "公共汽车"},
                                                       {"船", "帆船", "小船"},
                                                       {"自行车", "单车"},
                                                       {"房子", "小屋", "房屋"},
                                                       {"树", "大树"},
                                                       {"杯子", "茶杯"},
                                                       {"包", "手提包", "提包"}}};
static const sw_synonyms tints[SW_LANGS][SW_COLOURS] = {{{"red", "red", "scarlet"},
                                                         {"orange"},
                                                         {"yellow", "yellow", "golden"},
                                                         {"green"},
                                                         {"blue"},
                                                         {"purple", "violet"},
                                                         {"white"},
                                                         {"black"}},
                                                        {{"红色", "红色", "大红色"},
                                                         {"橙色", "橘色"},
                                                         {"黄色", "黄色", "金黄色"},
                                                         {"绿色"},
                                                         {"蓝色"},
                                                         {"紫色"},
                                                         {"白色"},
                                                         {"黑色"}}};
static const sw_synonyms wheres[SW_LANGS][SW_PLACES] = {
    {{"at sea", "on the sea", "on the ocean", "on the open sea"},
     {"on the beach", "at the beach", "at the seaside", "on the shore"},
     {"in the forest", "in the woods", "in a forest", "among the trees"},
     {"in the city", "in a city", "in the town", "in the street"},
     {"in the desert", "in a desert", "among the dunes"},
     {"in the mountains", "up in the mountains"},
     {"in the field", "in a field", "in a meadow", "in the countryside"},
     {"in the room", "in a room", "indoors", "inside a room"}},
    {{"在海上", "在大海上", "在海面上"},
     {"在海滩上", "在沙滩上", "在海边"},
     {"在森林里", "在树林里", "在林间"},
     {"在城市里", "在城里", "在街上", "在街头"},
     {"在沙漠里", "在沙漠中", "在沙丘上"},
     {"在高山上", "在山里", "在山上", "在群山中"},
     {"在田野里", "在草地上", "在原野上", "在田野上"},
     {"在房间里", "在屋里", "在室内"}}};
static const sw_synonyms short_wheres[SW_LANGS][SW_PLACES] = {{{"sea", "ocean", "open sea"},
                                                               {"beach", "seaside", "shore"},
                                                               {"forest", "woods"},
                                                               {"city", "town", "street"},
                                                               {"desert", "dunes"},
                                                               {"mountains", "mountain"},
                                                               {"field", "meadow", "countryside"},
                                                               {"room", "indoors", "inside"}},
                                                              {{"大海", "海上", "海面"},
                                                               {"海滩", "沙滩", "海边"},
                                                               {"森林", "树林"},
                                                               {"城市", "街道", "街头"},
                                                               {"沙漠", "沙丘"},
                                                               {"高山", "山里", "群山"},
                                                               {"田野", "草地", "原野"},
                                                               {"房间", "室内", "屋里"}}};
static const sw_synonyms whens[SW_LANGS][SW_TIMES] = {
    {{"at dawn", "at sunrise", "in the early morning", "at daybreak"},
     {"by day", "in the daytime", "at noon", "during the day"},
     {"at dusk", "at sunset", "in the evening", "at twilight"},
     {"at night", "by night", "at midnight", "during the night"}},
    {{"黎明", "清晨", "日出时分", "早晨"},
     {"白天", "中午", "正午"},
     {"黄昏", "傍晚", "日落时分"},
     {"夜晚", "晚上", "夜里", "深夜"}}};
static const sw_synonyms short_whens[SW_LANGS][SW_TIMES] = {
    {{"dawn", "sunrise", "early morning"},
     {"day", "daytime", "noon", "daylight"},
     {"dusk", "sunset", "evening", "twilight"},
     {"night", "midnight", "nighttime"}},
    {{"黎明", "清晨", "日出"},
     {"白天", "中午", "日间"},
     {"黄昏", "傍晚", "日落"},
     {"夜晚", "晚上", "夜", "深夜"}}};
static const sw_synonyms unders[SW_LANGS][SW_WEATHERS] = {
    {{"under a clear sky", "in clear weather", "with a clear sky", "in fine weather"},
     {"under a cloudy sky", "in cloudy weather", "under the clouds", "under an overcast sky"},
     {"in the rain", "in rainy weather", "while it is raining", "in the pouring rain"},
     {"in the snow", "in snowy weather", "while it is snowing", "in the falling snow"}},
    {{"天气晴朗", "晴空之下", "天空晴朗"},
     {"天空多云", "阴天", "天气多云"},
     {"雨中", "下着雨", "正在下雨", "大雨中"},
     {"雪中", "下着雪", "正在下雪", "大雪中"}}};
static const sw_synonyms outside[SW_LANGS][SW_WEATHERS] = {
    {{"with a clear sky outside", "in clear weather"},
     {"with a cloudy sky outside", "in cloudy weather"},
     {"with rain outside", "while it is raining outside"},
     {"with snow outside", "while it is snowing outside"}},
    {{"窗外天气晴朗", "窗外是晴天"},
     {"窗外多云", "窗外是阴天"},
     {"窗外下着雨", "窗外正在下雨"},
     {"窗外下着雪", "窗外正在下雪"}}};
static const sw_synonyms short_unders[SW_LANGS][SW_WEATHERS] = {
    {{"clear", "clear sky", "clear weather"},
     {"cloudy", "overcast", "clouds"},
     {"rain", "rainy", "raining"},
     {"snow", "snowy", "snowing"}},
    {{"晴朗", "晴", "晴天"}, {"多云", "阴天"}, {"下雨", "雨", "雨天"}, {"下雪", "雪", "雪天"}}};

const char *sw_pick(struct sw_random *random, sw_synonyms row)
{
    int n = 0;

    while (n < SW_SYNONYMS && row[n])
        n++;
    return row[sw_random_chance(random, 50) ? 0 : sw_random_below(random, n)];
}

struct sw_told sw_choose_told(const struct sw_scene *scene, int full, struct sw_random *random)
{
    int two = scene->subjects > 1;
    struct sw_told told;

    told.colour = full || sw_random_chance(random, 85);
    told.place = full || sw_random_chance(random, 75);
    told.time = full || sw_random_chance(random, 65);
    told.weather = full || sw_random_chance(random, 60);
    told.shot = full || sw_random_chance(random, 45);
    told.position = !two && (full || sw_random_chance(random, 35));
    told.relation = two && (full || sw_random_chance(random, 85));
    return told;
}

const char *sw_noun(enum sw_kind kind, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, nouns[lang][kind]);
}

const char *sw_tint(enum sw_colour colour, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, tints[lang][colour]);
}

const char *sw_where(enum sw_place place, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, wheres[lang][place]);
}

const char *sw_where_short(enum sw_place place, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, short_wheres[lang][place]);
}

const char *sw_when(enum sw_time time, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, whens[lang][time]);
}

const char *sw_when_short(enum sw_time time, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, short_whens[lang][time]);
}

const char *sw_under(const struct sw_scene *scene, enum sw_lang lang, struct sw_random *random)
{
    if (scene->place == SW_ROOM)
        return sw_pick(random, outside[lang][scene->weather]);
    return sw_pick(random, unders[lang][scene->weather]);
}

const char *sw_under_short(enum sw_weather weather, enum sw_lang lang, struct sw_random *random)
{
    return sw_pick(random, short_unders[lang][weather]);
}
