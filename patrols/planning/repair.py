"""The last word on a plan's orders: nothing that still fits is left out, and no lesser stop is kept.

A search by prizes and penalties may end one step short. These two steps make "outranked" true for every
stop left out: it fits nowhere as the routes stand, nor in exchange for one stop of less value.
"""

from __future__ import annotations

from collections.abc import Iterator

from patrols.planning.timing import Timetable

Orders = list[list[int]]


def left_out(orders: Orders, possible: list[int]) -> list[int]:
    """Return the possible stops on no route, in the order of ``possible``."""
    served = {stop for order in orders for stop in order}
    return [stop for stop in possible if stop not in served]


def settle(timetable: Timetable, orders: Orders, possible: list[int]) -> Orders:
    """Return orders to which neither an insertion nor a single exchange adds value."""
    settled = complete(timetable, orders, possible)
    while (better := _exchanged(timetable, settled, possible)) is not None:
        settled = complete(timetable, better, possible)
    return settled


def complete(timetable: Timetable, orders: Orders, possible: list[int]) -> Orders:
    """Return the orders with left-out stops inserted, most valuable first, where they add least travel.

    One pass is enough: an insertion only lengthens a route, so what failed before fails after.
    """
    fuller = list(orders)
    for stop in _by_value(timetable, left_out(orders, possible)):
        found = _cheapest_place(timetable, dict(enumerate(fuller)), stop)
        if found is not None:
            team, order = found
            fuller[team] = order
    return fuller


def _exchanged(timetable: Timetable, orders: Orders, possible: list[int]) -> Orders | None:
    """Return the orders after the first exchange that gains value, None if there is none."""
    value = [stop.value for stop in timetable.problem.stops]
    for stop in _by_value(timetable, left_out(orders, possible)):
        for team, order in enumerate(orders):
            for given_up in order:
                if value[given_up] < value[stop]:
                    shorter = [kept for kept in order if kept != given_up]
                    found = _cheapest_place(timetable, {team: shorter}, stop)
                    if found is not None:
                        return [*orders[:team], found[1], *orders[team + 1 :]]
    return None


def _cheapest_place(
    timetable: Timetable, by_team: dict[int, list[int]], stop: int
) -> tuple[int, list[int]] | None:
    """Return the team and its longer order where the stop adds least travel, None if it fits nowhere."""
    for _, team, at in sorted(_places(timetable, by_team, stop)):
        longer = [*by_team[team][:at], stop, *by_team[team][at:]]
        if timetable.fits(team, longer):
            return team, longer
    return None


def _places(timetable: Timetable, by_team: dict[int, list[int]], stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield (added travel, team, position) wherever travel and dwells alone do not exceed the shift."""
    for team, order in by_team.items():
        spare_s = timetable.spare_s(team, order) - timetable.problem.stops[stop].dwell_s
        for at in range(len(order) + 1):
            added_s = timetable.insertion_cost(team, order, at, stop)
            if added_s <= spare_s:
                yield added_s, team, at


def _by_value(timetable: Timetable, stops: list[int]) -> list[int]:
    return sorted(stops, key=lambda stop: (-timetable.problem.stops[stop].value, stop))
