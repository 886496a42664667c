/* Every word of every text. tests/storyworld checks it against what is really written. Chinese has
 * both the words and each of their characters, for lexicons that know only one of the two. */
#include "storyworld.h"

/* clang-format off */
static const char *const english[] = {
    "a", "about", "adventure", "adventures", "alone", "among", "an", "and", "are", "at",
    "automobile", "bag", "beach", "behind", "beside", "bicycle", "big", "bike", "bird", "black",
    "blue", "boat", "brave", "bus", "by", "call", "camera", "car", "cat", "center", "centre",
    "city", "clear", "close", "close-up", "clouds", "cloudy", "coach", "colour", "cottage",
    "countryside", "cup", "dawn", "day", "daybreak", "daylight", "daytime", "desert", "do", "does",
    "dog", "down", "draw", "drawing", "dream", "drives", "dunes", "during", "dusk", "early",
    "evening", "ext", "exterior", "falling", "field", "film", "finds", "fine", "flies", "for",
    "forest", "frame", "friend", "front", "gallops", "glides", "golden", "green", "handbag",
    "happy", "has", "have", "horse", "house", "how", "i", "image", "in", "indoors", "inside", "int",
    "interior", "is", "it", "journey", "jump", "jumping", "jumps", "kind", "kitten", "last",
    "leaps", "left", "like", "little", "lonely", "long", "looks", "lost", "make", "makes", "man",
    "many", "me", "meadow", "medium", "meet", "mid", "middle", "midnight", "morning", "mountain",
    "mountains", "move", "moving", "mug", "near", "next", "night", "nighttime", "no", "noon",
    "nothing", "ocean", "of", "on", "one", "open", "or", "orange", "out", "outdoors", "outside",
    "overcast", "paint", "pan", "panning", "pans", "person", "picture", "place", "please", "pony",
    "position", "pouring", "puppy", "purple", "purse", "rain", "raining", "rains", "rainy", "red",
    "rests", "rides", "right", "rolls", "room", "runs", "sailboat", "sailing", "sails", "scarlet",
    "sea", "seaside", "sedan", "see", "shore", "short", "shot", "show", "side", "sits", "size",
    "sky", "small", "snow", "snowing", "snows", "snowy", "stand", "standing", "stands", "static",
    "still", "stop", "story", "storyboard", "street", "subject", "subjects", "sunrise", "sunset",
    "teacup", "tell", "that", "the", "there", "thing", "this", "time", "title", "to", "town",
    "traveller", "tree", "trees", "trots", "twilight", "two", "under", "up", "view", "violet",
    "waiting", "waits", "walks", "want", "way", "weather", "what", "when", "where", "which",
    "while", "white", "who", "wide", "with", "woman", "woods", "would", "yellow", "yes", "you",
    "zoom", "zooming", "zooms", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
};

static const char *const chinese[] = {
    "一", "一个", "一匹", "一只", "一幅", "一座", "一张", "一棵", "一艘", "一辆", "一部", "上",
    "下", "下着雨", "下着雪", "下雨", "下雪", "不", "不是", "与", "丘", "东", "东西", "两", "两个",
    "个", "中", "中午", "中景", "中景镜头", "中间", "主", "主体", "么", "之", "之下", "了", "事",
    "于", "云", "交", "人", "什", "什么", "什么都没有", "位", "位置", "体", "何", "侧", "候", "做",
    "做一个", "做了", "停", "停在", "停着", "傍", "傍晚", "全", "全景", "公", "公交车", "公共汽车",
    "共", "关", "关于", "内", "冒", "冒险", "写", "写一个", "几", "几个", "出", "出路", "分",
    "分镜", "别", "前", "前方", "前面", "动", "包", "匹", "午", "单", "单车", "原", "原野",
    "原野上", "去", "友", "发", "发生", "只", "右", "右侧", "右摇", "右边", "后", "后方", "后面",
    "向", "向右", "向左", "吗", "和", "咪", "哪", "哪一边", "哪个", "哪种", "哪里", "固", "固定",
    "图", "图片", "图里", "在", "在做", "地", "地方", "坐", "坐在", "坐着", "城", "城市", "城市里",
    "城里", "士", "外", "多", "多云", "多云的", "多少", "夜", "夜晚", "夜里", "大", "大树", "大海",
    "大海上", "大红色", "大雨", "大雪", "天", "天气", "天气晴朗", "天空多云", "天空晴朗", "头",
    "奔", "奔跑", "如", "如何", "子", "定", "室", "室内", "室外", "对", "对吗", "寻", "寻找", "小",
    "小屋", "小汽车", "小狗", "小猫", "小船", "小马", "小鸟", "少", "屋", "屋外", "屋里", "山",
    "山上", "山里", "左", "左侧", "左摇", "左边", "巴", "巴士", "市", "帆", "帆船", "幅", "座",
    "开", "张", "往", "往哪里", "待", "怎", "怎么", "怎么样", "想", "成", "我", "我想", "房",
    "房子", "房屋", "房间", "房间里", "手", "手提包", "找", "拉", "拉远", "拍", "推", "推近", "提",
    "提包", "摇", "放", "放在", "放着", "故", "故事", "方", "旁", "旁边", "旅", "旅人", "日",
    "日出", "日出时分", "日落", "日落时分", "日间", "早", "早晨", "时", "时候", "时间", "明", "昏",
    "是", "是不是", "是吗", "晚", "晚上", "晨", "景", "景别", "晴", "晴天", "晴朗", "晴朗的",
    "晴空", "最", "最后的", "有", "有什么", "有没有", "朋", "朋友", "服", "朗", "来", "杯", "杯子",
    "林", "林间", "树", "树林", "样", "梦", "森", "森林", "森林里", "棵", "橘", "橘色", "橙",
    "橙色", "止", "正", "正中", "正午", "正在", "气", "汽", "汽车", "沙", "沙丘", "沙滩", "沙滩上",
    "沙漠", "沙漠中", "沙漠里", "没", "海", "海上", "海滩", "海滩上", "海边", "海面", "海面上",
    "深", "深夜", "清", "清晨", "滩", "漠", "片", "物", "物语", "特", "特写", "特写镜头", "狗",
    "独", "独自", "猫", "猫咪", "现", "现在", "生", "生成", "田", "田野", "田野上", "田野里", "画",
    "画面", "白", "白天", "白色", "的", "相", "相遇", "看", "着", "短", "短片", "种", "移", "移动",
    "空", "穿", "窗", "窗外", "立", "立在", "立着", "站", "站在", "站着", "等", "等待", "等雨停",
    "紫", "紫色", "红", "红色", "给", "给我", "绿", "绿色", "置", "群", "群山", "群山中", "自",
    "自行车", "航", "航行", "船", "艘", "色", "茶", "茶杯", "草", "草地", "落", "蓝", "蓝色", "行",
    "行人", "行驶", "街", "街上", "街头", "街道", "衣", "衣服", "西", "讲", "讲一个", "语", "请",
    "请画", "走", "起", "跃", "跑", "路", "跳", "跳来跳去", "跳起来", "跳跃", "身", "身边", "车",
    "轿", "轿车", "辆", "边", "运", "运动", "近", "近景", "还", "还是", "这", "远", "远景",
    "远景镜头", "遇", "道", "部", "都", "里", "野", "金", "金黄色", "镜", "镜头", "镜头右摇",
    "镜头固定", "镜头左摇", "镜头拉远", "镜头推近", "间", "阴", "阴天", "险", "雨", "雨中",
    "雨中的", "雨天", "雨里", "雪", "雪中", "雪中的", "雪天", "雪里", "静", "静止", "静止不动",
    "静静地", "面", "颜", "颜色", "飞", "马", "驶", "骑", "高", "高山", "高山上", "鸟", "黄",
    "黄昏", "黄色", "黎", "黎明", "黑", "黑色", "ext", "int", "title", "1", "2", "3", "4", "5", "6",
    "7", "8", "9", "10", "11", "12",
};
/* clang-format on */

const char *sw_word(int i, enum sw_lang lang)
{
    const char *const *words = lang == SW_ZH ? chinese : english;
    size_t count =
        lang == SW_ZH ? sizeof chinese / sizeof *chinese : sizeof english / sizeof *english;

    return i >= 0 && (size_t)i < count ? words[i] : NULL;
}
