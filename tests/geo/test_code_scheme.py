"""Codes of grids: digits by level, and the order in which a community's grids are numbered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from core.errors import InvalidInput
from geo.areas.code_scheme import CodeScheme, Sweep, numbered, read_scheme, swept
from geo.areas.tree import level_of

# ::
#
#     ┌───┬───┬───┐ 2
#     │ 1 │ 2 │ 3 │
#     ├───┼───┼───┤ 1      keys as they were made; two rows of three
#     │ 4 │ 5 │ 6 │
#     └───┴───┴───┘ 0
SIX = {
    1 + column + 3 * (1 - row): box(column, row, column + 1, row + 1) for row in (0, 1) for column in range(3)
}


@pytest.mark.parametrize(
    ("sweep", "order"),
    [
        pytest.param(Sweep.ROWS, [1, 2, 3, 4, 5, 6], id="as a page is read"),
        pytest.param(Sweep.COLUMNS, [1, 4, 2, 5, 3, 6], id="column after column"),
        pytest.param(Sweep.SNAKE, [1, 2, 3, 6, 5, 4], id="to and fro"),
    ],
)
def test_grids_are_numbered_in_the_order_of_the_sweep(sweep: Sweep, order: list[int]) -> None:
    assert swept(SIX, sweep) == order


def test_a_code_that_was_given_before_is_passed_over() -> None:
    codes = numbered(SIX, "99", CodeScheme(grid=2), taken={"9901", "9903"})

    assert codes == {1: "9902", 2: "9904", 3: "9905", 4: "9906", 5: "9907", 6: "9908"}


def test_digits_that_do_not_suffice_give_no_codes() -> None:
    ten = {key: box(key, 0, key + 1, 1) for key in range(10)}

    assert numbered(ten, "99", CodeScheme(grid=1)) is None
    assert numbered(SIX, "99", CodeScheme(grid=1), taken={f"99{n}" for n in range(1, 5)}) is None


@given(
    digits=st.lists(st.integers(1, 7), min_size=4, max_size=4),
    number=st.integers(1, 9),
)
def test_the_length_of_a_code_tells_its_level(digits: list[int], number: int) -> None:
    scheme = CodeScheme(*digits)
    community = "1" * scheme.length("community")

    assert level_of("", community, scheme) == "community"
    assert level_of("", scheme.grid_code(community, number), scheme) == "grid"


@pytest.mark.parametrize(
    "given_scheme",
    [
        pytest.param({"grid": 0}, id="no digit"),
        pytest.param({"grid": 8}, id="too many"),
        pytest.param({"grid": "drei"}, id="a word"),
        pytest.param({"grid": 2.5}, id="half a digit"),
        pytest.param({"sweep": "spiral"}, id="unknown order"),
        pytest.param({"sweep": []}, id="an order that is a list"),
        pytest.param({"sweep": {"rows": 1}}, id="an order that is a mapping"),
        pytest.param([6, 3, 3, 3], id="a list"),
    ],
)
def test_a_scheme_that_cannot_be_meant_is_refused(given_scheme) -> None:
    with pytest.raises(InvalidInput) as no:
        read_scheme(given_scheme)
    assert no.value.code == "code_scheme_unusable"
