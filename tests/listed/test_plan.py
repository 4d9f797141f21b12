"""A plan as a form sends it: read whole, or refused by name."""

from datetime import date

import pytest

from core.errors import InvalidInput
from incidents.listed.plan import (
    BUDGET_MOST,
    DOSE_MOST,
    MEASURES_MOST,
    WORDS_MOST,
    Measure,
    done_share,
    read_plan,
)

GOOD = {
    "owner_area": 7,
    "owner_post": "police",
    "measures": [
        {"what": " 加装路灯 ", "who": "镇综治中心", "until": "2026-07-01"},
        {"what": "夜间巡逻", "who": "专职巡防队", "until": None, "done_on": "2026-06-20"},
    ],
    "dose_minutes_week": 300,
    "budget_yuan": 0,
}

LINE = {"what": "x", "who": "y"}


def test_a_plan_is_read_with_tidy_words_and_days() -> None:
    plan = read_plan(GOOD)

    assert (plan.owner_area_id, plan.owner_post, plan.dose_minutes_week, plan.budget_yuan) == (
        7,
        "police",
        300,
        0,
    )
    assert plan.measures == (
        Measure("加装路灯", "镇综治中心", date(2026, 7, 1)),
        Measure("夜间巡逻", "专职巡防队", None, date(2026, 6, 20)),
    )
    assert done_share([measure.as_json() for measure in plan.measures]) == (1, 2)


@pytest.mark.parametrize(
    ("wrong", "code", "fields"),
    [
        ({"owner_area": None}, "listed_owner_missing", {}),
        ({"owner_area": True}, "listed_owner_missing", {}),
        ({"owner_post": "informant"}, "listed_owner_missing", {}),
        ({"owner_post": "张三"}, "listed_owner_missing", {}),
        ({"measures": []}, "listed_measures_missing", {}),
        ({"measures": "lamps"}, "listed_measures_missing", {}),
        ({"measures": [LINE] * (MEASURES_MOST + 1)}, "listed_measures_too_many", {"limit": MEASURES_MOST}),
        ({"measures": [LINE, LINE | {"what": ""}]}, "listed_measure_unusable", {"line": 2}),
        ({"measures": [LINE | {"who": "y" * (WORDS_MOST + 1)}]}, "listed_measure_unusable", {"line": 1}),
        ({"measures": [LINE | {"until": "soon"}]}, "listed_measure_unusable", {"line": 1}),
        ({"measures": [None]}, "listed_measure_unusable", {"line": 1}),
        ({"dose_minutes_week": -1}, "listed_dose_unusable", {"high": DOSE_MOST}),
        ({"dose_minutes_week": 1.5}, "listed_dose_unusable", {"high": DOSE_MOST}),
        ({"budget_yuan": None}, "listed_budget_unusable", {"high": BUDGET_MOST}),
        ({"budget_yuan": 10**9}, "listed_budget_unusable", {"high": BUDGET_MOST}),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(wrong: dict, code: str, fields: dict) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_plan(GOOD | wrong)

    assert refused.value.code == code
    assert fields.items() <= refused.value.fields.items()
