"""How registers write by whom an incident became known."""

SOURCE_WORDS = {
    "patrol": ("patrol", "巡逻", "巡防", "巡逻发现"),
    "hotline": ("hotline", "phone", "call", "110", "12345", "119", "122", "热线", "电话", "报警"),
    "resident": ("resident", "citizen", "居民", "群众", "上报", "随手拍"),
    "visit": ("visit", "走访", "入户"),
    "camera": ("camera", "cctv", "监控", "视频"),
}
