"""Words by which the importer knows attributes of persons that are never kept (DOMAIN, S44).

The lists are data. Chinese words match anywhere in a column name, English ones as whole words, so that
"terrace" is no "race" and "地址" is no person.
"""

from __future__ import annotations

import re
import unicodedata

FORBIDDEN_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ethnicity": (
        ("民族", "族别", "族裔", "种族", "少数民族"),
        ("ethnic", "ethnicity", "ethnic group", "race", "nationality", "minority"),
    ),
    "religion": (
        ("宗教", "信仰", "信教", "教派", "邪教"),
        ("religion", "religious", "faith", "denomination", "church member"),
    ),
    "petitioner": (
        ("上访", "信访", "访民", "缠访", "越级访"),
        ("petition", "petitions", "petitioner", "petitioning"),
    ),
    "released": (
        ("刑满", "释放", "刑释", "解教", "前科", "社区矫正", "矫正人员", "安置帮教", "两劳"),
        ("released", "ex convict", "convict", "parole", "parolee", "criminal record", "probation"),
    ),
    "drug user": (
        ("吸毒", "涉毒", "戒毒", "毒瘾", "吸贩毒"),
        ("drug", "drugs", "drug user", "addict", "addiction", "rehab"),
    ),
    "mental health": (
        ("精神", "精障", "心理疾病", "肇事肇祸", "疾病史", "病史", "艾滋", "残疾类别"),
        ("mental", "mentally", "psychiatric", "psychosis", "hiv", "aids", "diagnosis", "disability"),
    ),
    "migrant origin": (
        ("流动人口", "外来", "暂住", "籍贯", "户籍地", "来源地", "外来人口", "户口所在地", "原籍", "流入"),
        ("migrant", "migrants", "migration", "birthplace", "place of origin", "hukou", "native place",
         "immigrant", "citizenship"),
    ),
    "appearance": (
        ("相貌", "体貌", "人脸", "照片", "面部", "虹膜", "指纹"),
        ("appearance", "face", "portrait", "photo", "fingerprint", "iris", "biometric", "skin"),
    ),
    "opinion": (
        ("政治面貌", "党派", "政治倾向", "网名", "微信号", "微博"),
        ("political", "party membership", "netizen", "wechat", "weibo"),
    ),
    "list or score of persons": (
        ("重点人员", "重点人", "关注人员", "人员等级", "风险等级", "风险评分", "维稳", "管控", "黑名单",
         "身份证"),
        ("risk score", "person score", "watch list", "watchlist", "blacklist", "id card", "national id",
         "passport"),
    ),
}  # fmt: skip

NEVER_INCIDENT_TYPES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "petition": (("上访", "信访", "缠访", "集访"), ("petition", "petitions", "petitioner", "petitioning")),
    "assembly": (
        ("集会", "游行", "示威", "聚集上访", "静坐"),
        ("assembly", "demonstration", "protest", "rally", "march", "sit in"),
    ),
    "religion": (
        ("宗教", "信教", "邪教", "教派"),
        ("religion", "religious", "church", "mosque", "sect", "worship"),
    ),
    "speech": (
        ("言论", "涉网言论", "舆情", "造谣"),
        ("speech", "opinion", "netizen", "rumour", "rumor"),
    ),
}


def forbidden_subject(column: str) -> str | None:
    """Return what a column carries that may not be kept, or None.

    >>> forbidden_subject("是否信访人员"), forbidden_subject("Terrace"), forbidden_subject("drugUser")
    ('petitioner', None, 'drug user')
    """
    return _subject(column, FORBIDDEN_COLUMNS)


def never_incident_type(name: str) -> str | None:
    """Return why a name is no incident type (petition, assembly, religion, speech), or None.

    >>> never_incident_type("集体上访"), never_incident_type("PUBLIC PEACE VIOLATION")
    ('petition', None)
    """
    return _subject(name, NEVER_INCIDENT_TYPES)


def _subject(name: str, lists: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> str | None:
    flat = unicodedata.normalize("NFKC", name)
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", flat)
    english = " " + " ".join(re.findall(r"[a-z]+", spaced.lower())) + " "
    chinese = re.sub(r"\s+", "", flat)
    for subject, (zh_words, en_words) in lists.items():
        if any(word in chinese for word in zh_words) or any(f" {word} " in english for word in en_words):
            return subject
    return None
