"""The pure planner: what it promises about routes, drops, reasons and repeatability."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.roads.speed import Mode
from patrols.planning.problem import DropReason, Plan, PlanParams, Problem, Stop, TeamShift, Travel, Window
from patrols.planning.repair import Orders
from patrols.planning.solve import solve
from patrols.planning.timing import Timetable

QUICK = PlanParams(seed=3, time_limit_s=None, iteration_limit=150)
HOUR_S = 3600


def on_a_plane(
    stops: list[Stop], teams: list[TeamShift], places: np.ndarray, *, speed_mps: float = 5.0
) -> Problem:
    """A problem in the plane; ``places`` are the stops, then one station per team (metres)."""
    index = [*range(len(stops)), *np.repeat(np.arange(len(stops), len(places)), 2)]
    away = places[index, None] - places[None, index]
    metres = np.hypot(away[..., 0], away[..., 1])
    slow = {Mode.FOOT: 1.3, Mode.CAR: speed_mps, Mode.BICYCLE: 3.5, Mode.E_SCOOTER: 4.0}
    travel = {mode: Travel(metres / mps, metres) for mode, mps in slow.items()}
    return Problem(tuple(stops), tuple(teams), travel)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    stops = []
    for index in range(draw(st.integers(1, 14))):
        opens_s = int(rng.integers(0, 5000))
        windows = (Window(opens_s, opens_s + int(rng.integers(300, 3000))), Window(9000, 9900))
        count = draw(st.sampled_from([0, 0, 1, 2]))
        modes = draw(st.sampled_from([None, None, frozenset({Mode.CAR}), frozenset({Mode.E_SCOOTER})]))
        stops.append(
            Stop(str(index), float(rng.integers(1, 60)), int(rng.integers(0, 900)), windows[:count], modes)
        )
    teams = [
        TeamShift(7 + number, mode, Window(600 * number, 600 * number + draw(st.integers(1000, 9000))))
        for number, mode in enumerate(
            draw(st.lists(st.sampled_from([Mode.FOOT, Mode.CAR]), min_size=1, max_size=3))
        )
    ]
    places = rng.uniform(0, 3000, (len(stops) + len(teams), 2))
    problem = on_a_plane(stops, teams, places)
    if draw(st.booleans()):
        for travel in problem.travel.values():
            travel.durations_s[0, 1:] = travel.durations_s[1:, 0] = np.inf
    return problem


def check_promises(problem: Problem, plan: Plan) -> None:
    served = [visit.stop for route in plan.routes for visit in route.visits]
    dropped = {one.stop: one for one in plan.dropped}
    assert len(served) == len(set(served)), "no stop twice"
    assert set(served) | set(dropped) == set(range(len(problem.stops))), "every stop accounted for"
    assert not set(served) & set(dropped)
    assert plan.value == pytest.approx(sum(problem.stops[stop].value for stop in served))
    for number, route in enumerate(plan.routes):
        check_route(problem, number, route)


def check_route(problem: Problem, number: int, route: object) -> None:
    """Walk the route again with real seconds from the travel matrix, by rules written here."""
    team = problem.teams[number]
    durations_s = problem.travel[team.mode].durations_s
    clock, place = float(team.shift.opens_s), problem.start_of(number)
    for visit in route.visits:
        stop = problem.stops[visit.stop]
        clock += durations_s[place, visit.stop]
        assert clock <= visit.arrive_s + 1e-6, "never promised too early"
        assert visit.arrive_s <= visit.begin_s
        assert visit.leave_s == visit.begin_s + stop.dwell_s
        assert stop.modes is None or team.mode in stop.modes
        if stop.windows:
            assert any(w.opens_s <= visit.begin_s and visit.leave_s <= w.closes_s for w in stop.windows)
        clock, place = float(visit.leave_s), visit.stop
    if route.visits:
        assert clock + durations_s[place, problem.end_of(number)] <= route.end_s + 1e-6
    assert route.end_s <= team.shift.closes_s


def check_reasons(problem: Problem, plan: Plan) -> None:
    timetable = Timetable(problem)
    orders = [[visit.stop for visit in route.visits] for route in plan.routes]
    for drop in plan.dropped:
        alone = any(timetable.fits(team, [drop.stop]) for team in range(len(problem.teams)))
        assert alone == (drop.reason is DropReason.OUTRANKED)
        for team, order in enumerate(orders):
            for at in range(len(order) + 1):
                assert not timetable.fits(team, [*order[:at], drop.stop, *order[at:]]), "it still fits"
            cheaper = [kept for kept in order if problem.stops[kept].value < problem.stops[drop.stop].value]
            for given_up in cheaper:
                rest = [kept for kept in order if kept != given_up]
                for at in range(len(order)):
                    exchanged = [*rest[:at], drop.stop, *rest[at:]]
                    assert not timetable.fits(team, exchanged), "a lesser stop was kept"


@settings(max_examples=40, deadline=None)
@given(problem=problems())
def test_every_plan_keeps_shifts_windows_and_modes_and_gives_a_true_reason_for_each_drop(
    problem: Problem,
) -> None:
    plan = solve(problem, QUICK)
    check_promises(problem, plan)
    check_reasons(problem, plan)


def best_by_trying_everything(problem: Problem) -> float:
    """Try every choice and order of stops for the one team there is."""
    timetable = Timetable(problem)
    everything = range(len(problem.stops))
    return max(
        sum(problem.stops[stop].value for stop in order)
        for size in range(len(problem.stops) + 1)
        for order in itertools.permutations(everything, size)
        if timetable.fits(0, list(order))
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_small_plan_is_optimal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    stops = [Stop(str(i), float(rng.integers(1, 50)), int(rng.integers(300, 900))) for i in range(7)]
    stops[2] = dataclasses.replace(stops[2], windows=(Window(0, 1200), Window(2400, 3400)))
    team = TeamShift(1, Mode.CAR, Window(0, HOUR_S))
    problem = on_a_plane(stops, [team], rng.uniform(0, 4000, (8, 2)))
    best = best_by_trying_everything(problem)
    assert 0 < best < sum(stop.value for stop in stops), "the case must force a choice"
    assert solve(problem, PlanParams(seed=seed, time_limit_s=None, iteration_limit=2000)).value == best


def test_each_reason_for_dropping_is_told_apart() -> None:
    """Six stops: two served, and one for each way to be left out."""
    hour = Window(0, HOUR_S)
    stops = [
        Stop("near", 9.0, 600),
        Stop("island", 50.0, 600),
        Stop("only by scooter", 50.0, 600, modes=frozenset({Mode.E_SCOOTER})),
        Stop("over before anyone can come", 50.0, 600, (Window(0, 700),)),
        Stop("too long for any shift", 50.0, 2 * HOUR_S),
        Stop("cheap and far", 1.0, 3000),
        Stop("near too", 8.0, 600),
    ]
    places = np.array([[0, 100], [0, 1], [0, 2], [0, 1500], [0, 3], [0, 1000], [50, 100], [0, 0]], float)
    problem = on_a_plane(stops, [TeamShift(1, Mode.CAR, hour)], places)
    problem.travel[Mode.CAR].durations_s[1, :] = problem.travel[Mode.CAR].durations_s[:, 1] = np.inf
    plan = solve(problem, QUICK)
    reasons = {stops[drop.stop].id: drop.reason for drop in plan.dropped}
    assert reasons == {
        "island": DropReason.UNREACHABLE,
        "only by scooter": DropReason.NO_TEAM_MODE,
        "over before anyone can come": DropReason.WINDOW_TOO_SHORT,
        "too long for any shift": DropReason.WINDOW_TOO_SHORT,
        "cheap and far": DropReason.OUTRANKED,
    }
    outranked = next(drop for drop in plan.dropped if drop.reason is DropReason.OUTRANKED)
    assert outranked.explained_by == {"value": 1.0, "least_served_value": 8.0}


def town_problem() -> Problem:
    rng = np.random.default_rng(5)
    stops = [Stop(str(i), float(rng.integers(5, 90)), int(60 * rng.integers(10, 16))) for i in range(60)]
    teams = [TeamShift(i, [Mode.CAR, Mode.FOOT][i % 2], Window(0, 2 * HOUR_S)) for i in range(4)]
    return on_a_plane(stops, teams, rng.uniform(0, 5000, (64, 2)))


def test_the_same_seed_gives_the_same_plan_and_another_seed_another_night() -> None:
    problem = town_problem()
    params = PlanParams(seed=11, time_limit_s=None, iteration_limit=300)
    first, again = solve(problem, params), solve(problem, params)
    other = solve(problem, dataclasses.replace(params, seed=12))
    assert first == again
    assert first.routes != other.routes


def test_the_curve_of_values_rises_and_ends_at_most_at_the_plan() -> None:
    plan = solve(town_problem(), PlanParams(seed=11, time_limit_s=None, iteration_limit=400))
    values = [value for _, value in plan.curve]
    assert values == sorted(set(values))
    assert len(values) > 1
    assert values[-1] <= plan.value + 0.05
    assert plan.iterations == 400


def test_the_watcher_sees_every_iteration_and_can_end_the_search() -> None:
    seen: list[tuple[int, float, float]] = []
    problem = town_problem()

    def watch(iteration: int, value: float, orders: Orders) -> bool:
        visited = [stop for order in orders for stop in order]
        assert len(visited) == len(set(visited))
        seen.append((iteration, value, sum(problem.stops[stop].value for stop in visited)))
        return iteration >= 25

    plan = solve(problem, PlanParams(seed=1, time_limit_s=60, iteration_limit=None), watch)
    assert plan.stopped
    assert plan.iterations == 25
    assert [iteration for iteration, _, _ in seen] == list(range(26))
    # The routes shown are those the value is told of; prizes are whole numbers, values are not.
    assert [value for _, value, _ in seen] == pytest.approx(
        [worth for _, _, worth in seen], rel=1e-3, abs=0.1
    )
    check_promises(problem, plan)


def test_teams_without_any_stop_to_do_stay_where_they_are() -> None:
    problem = on_a_plane([], [TeamShift(1, Mode.FOOT, Window(60, 90))], np.zeros((1, 2)))
    plan = solve(problem, QUICK)
    assert plan.routes[0].visits == ()
    assert (plan.routes[0].start_s, plan.routes[0].end_s) == (60, 60)
    assert plan.value == plan.offered_value == 0


def test_a_search_without_any_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        PlanParams(seed=1, time_limit_s=None)
