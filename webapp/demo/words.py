"""Words the demo town is named with: streets, villages, shops and people, all combined at random."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from webapp.demo.frame import TextArray

NUMERALS = "一二三四五六七八九十"

MAIN_STREETS = [
    "解放", "人民", "文昌", "建设", "和平", "新华", "胜利", "民生", "育才", "迎春", "朝阳", "明月",
    "翠竹", "桃源", "梅园", "松涛", "清泉", "望江", "临溪", "学院", "书院", "凤凰", "金桂", "银杏",
    "丰收", "团结", "光明", "振兴", "青年", "友谊", "体育", "商城", "迎宾", "创业", "科技", "锦绣",
    "碧桂", "南门", "北门", "东门", "西门", "长虹", "彩虹", "晨光", "星光", "广场", "会展", "白云",
    "玉泉", "芙蓉", "丹桂", "紫薇", "海棠", "樱花", "百合", "云溪", "蓝天", "平安", "康庄", "百福",
]  # fmt: skip
OLD_LANES = [
    "打铁", "油坊", "酱园", "官井", "双井", "石桥", "卖鱼", "花市", "米市", "盐仓", "布市", "竹器",
    "染坊", "豆腐", "箍桶", "弹花", "钟楼", "鼓楼", "仓前", "茶亭", "当铺", "银匠", "纸马", "灯笼",
    "伞店", "秤店", "磨坊", "水井", "照壁", "牌楼", "祠堂", "学士", "状元", "探花", "乌衣", "柴行",
    "草鞋", "糖坊", "船埠", "渡口",
]  # fmt: skip
FIRST_CHARACTERS = "永福康泰瑞祥兴盛和清明文德义仁信诚嘉景丰华荣裕顺安宏锦秀春晓云竹兰桂松柏梧枫杏榕"
SECOND_CHARACTERS = "安宁康泰兴和平顺昌隆盛德善义仁丰庆乐园苑溪泉林岭亭阳月星辰湖塘"

VILLAGES = [
    "青溪头", "上塘", "石门", "竹园", "柳林", "南山", "沙湾", "大樟", "下塘", "枫岭", "茶坞", "梅坑",
    "桃坪", "杨家渡", "黄泥岗", "白沙", "樟树下", "溪口", "后山", "前洋", "乌石", "银坑", "云坪",
    "双溪口", "高桥", "半岭", "金竹", "麻车", "荷塘", "杏花", "石榴", "瓦窑", "铁炉", "塔山", "寺前",
    "牛角湾", "松树脚", "水碓", "五里亭", "十里铺",
]  # fmt: skip
COMMUNITIES = [
    "文昌", "滨河", "书院", "明月", "朝阳", "凤凰", "金桂", "学院", "康宁", "锦绣",
    "银杏", "望江", "碧桂", "芙蓉", "紫薇", "体育", "星光", "翠竹", "桃源", "梅园", "松涛", "清泉",
    "临溪", "长虹", "白云", "玉泉", "丹桂", "海棠", "樱花", "百合", "云溪", "蓝天", "百福", "丰收",
    "团结", "光明", "振兴", "青年",
]  # fmt: skip
TOWNS = ["青溪", "柳林", "石门", "沙湾", "枫岭", "白沙", "云坪", "高桥", "荷塘", "塔山"]

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN_CHARACTERS = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文志海波梅春生林荣辉斌鹏宇浩然欣怡佳雨晨博雪琳"
    "俊峰凯婷倩龙飞云天成子涵思远嘉宁安康瑞祥福永光金贵德义良才忠诚信达新民东升立权泽清泉松柏青山秋月冬菊莲"
)


def village_names(count: int) -> list[str]:
    """Return distinct names of villages, without 村."""
    pairs = (a + b for b in SECOND_CHARACTERS[::-1] for a in FIRST_CHARACTERS)
    extra = [name for name in pairs if name not in VILLAGES]
    return [*VILLAGES, *extra][:count]


def numeral(number: int) -> str:
    """Return a Chinese numeral for 1 to 99."""
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else ("" if tens == 1 else NUMERALS[tens - 1]) + "十"
    return head + (NUMERALS[ones - 1] if ones else "")


def stems(rng: np.random.Generator, first: list[str]) -> Iterator[str]:
    """Yield two-character stems without end: `first` in order, then random pairs, then numbered ones."""
    yield from first
    pairs = [a + b for a in FIRST_CHARACTERS for b in SECOND_CHARACTERS if a != b]
    rng.shuffle(pairs)
    yield from pairs
    for round_number in range(1, 100):
        for pair in pairs:
            yield f"{pair}{numeral(round_number)}"


def head_names(rng: np.random.Generator, count: int) -> TextArray:
    """Return (count,) names put together at random: common surnames, one or two given characters."""
    # Frequent surnames come first in the list; a slowly falling weight keeps the mix plausible.
    weight = 1.0 / (np.arange(len(SURNAMES)) + 8.0)
    surname = rng.choice(np.array(list(SURNAMES)), count, p=weight / weight.sum())
    given = np.array(list(GIVEN_CHARACTERS))
    second = np.where(rng.random(count) < 0.78, rng.choice(given, count), "")
    names: TextArray = np.strings.add(np.strings.add(surname, rng.choice(given, count)), second)
    return names


def phones(rng: np.random.Generator, count: int) -> TextArray:
    """Return (count,) numbers that cannot ring: the mobile prefix 154 has never been allotted in China.

    The prefixes 150-153 and 155-159 are in use; 154 was left out, as were other numbers with an ill-sounding
    four. Replace `154` here should it ever be allotted.
    """
    digits = rng.integers(0, 100_000_000, count).astype("U8")
    numbers: TextArray = np.strings.add("154", np.strings.zfill(digits, 8))
    return numbers
