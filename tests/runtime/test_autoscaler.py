"""The autoscaler's scenarios on a virtual clock, with the runner counts written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from fal_runtime.autoscaler import RunnerView, backoff, desired, plan
from fal_runtime.spec import Scaling


@dataclass
class Simulation:
    """Runners that need ``start_time`` seconds to be ready, requests that need ``work`` seconds; one step per tenth of a second."""

    scaling: Scaling
    start_time: float = 2.0
    work: float = 1.0
    crash: Callable[[float], bool] = lambda now: False
    now: float = 0.0
    runners: list[_Runner] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    started: int = 0
    failures: int = 0
    not_before: float = 0.0

    def run(self, until: float, arrivals: Sequence[float] = ()) -> int:
        """Let time pass; returns how many runners there are then."""
        coming = sorted(arrivals)
        while self.now < until - 1e-9:
            self.now = round(self.now + 0.1, 1)
            while coming and coming[0] <= self.now:
                self.waiting.append(coming.pop(0))
            self._step()
        return len(self.runners)

    def _step(self) -> None:
        for runner in list(self.runners):
            runner.finish(self.now)
            if runner.ready_at is None and self.now >= runner.born + self.start_time - 1e-9:
                if self.crash(self.now):
                    self.runners.remove(runner)
                    self.failures += 1
                    self.not_before = self.now + backoff(self.failures)
                else:
                    runner.ready_at, self.failures, self.not_before = self.now, 0, 0.0
        for runner in self.runners:
            while self.waiting and runner.ready_at is not None and len(runner.ends) < self.scaling.max_multiplexing:
                self.waiting.pop(0)
                runner.ends.append(self.now + self.work)
        made = plan(self.scaling, [runner.view() for runner in self.runners], self.waiting, self.now, self.not_before)
        self.runners = [runner for runner in self.runners if runner.id not in made.stop]
        for _ in range(made.start):
            self.started += 1
            self.runners.append(_Runner(str(self.started), self.now))


@dataclass
class _Runner:
    id: str
    born: float
    ready_at: float | None = None
    last_used: float | None = None
    ends: list[float] = field(default_factory=list)

    def finish(self, now: float) -> None:
        if any(end <= now + 1e-9 for end in self.ends):
            self.ends = [end for end in self.ends if end > now + 1e-9]
            self.last_used = now

    def view(self) -> RunnerView:
        return RunnerView(self.id, len(self.ends), self.ready_at, self.last_used)


@pytest.mark.parametrize(
    ("scaling", "load", "runners"),
    [
        (Scaling(), 0, 0),
        (Scaling(), 1, 1),
        (Scaling(), 5, 2),
        (Scaling(max_concurrency=10), 5, 5),
        (Scaling(max_concurrency=10, max_multiplexing=4), 5, 2),
        (Scaling(max_concurrency=10, max_multiplexing=4), 4, 1),
        (Scaling(min_concurrency=3, max_concurrency=10), 0, 3),
        (Scaling(min_concurrency=3, max_concurrency=10), 2, 3),
        (Scaling(max_concurrency=10, concurrency_buffer=2), 0, 2),
        (Scaling(max_concurrency=10, concurrency_buffer=2), 3, 5),
        (Scaling(max_concurrency=10, concurrency_buffer=2, min_concurrency=1), 0, 2),
        (Scaling(max_concurrency=10, concurrency_buffer=1, min_concurrency=4), 0, 4),
        (Scaling(max_concurrency=20, concurrency_buffer_perc=50), 6, 9),
        (Scaling(max_concurrency=20, concurrency_buffer=1, concurrency_buffer_perc=50), 10, 15),
        (Scaling(max_concurrency=4, concurrency_buffer=3), 3, 4),
    ],
)
def test_the_target_is_what_the_load_needs_plus_the_buffer(scaling: Scaling, load: int, runners: int) -> None:
    assert desired(scaling, load) == runners


def test_a_burst_grows_to_the_maximum_and_shrinks_after_keep_alive() -> None:
    simulation = Simulation(Scaling(max_concurrency=4, keep_alive=5), work=3)
    assert simulation.run(1, [0.5] * 10) == 4
    assert simulation.run(9) == 4  # ready at 2.5; ten requests on four runners: until 11.5
    assert simulation.run(11) == 4
    assert simulation.run(13.4) == 4  # two runners end at 8.5, keep_alive 5
    assert simulation.run(13.7) == 2
    assert simulation.run(16.3) == 2
    assert simulation.run(16.7) == 0
    assert simulation.started == 4


def test_idle_goes_to_the_minimum() -> None:
    simulation = Simulation(Scaling(min_concurrency=1, max_concurrency=3, keep_alive=4))
    assert simulation.run(0.1) == 1
    assert simulation.run(3, [2.5] * 3) == 3
    assert simulation.run(6) == 3
    assert simulation.run(12) == 1
    assert simulation.run(1000) == 1


def test_a_runner_that_was_never_used_goes_after_ten_seconds() -> None:
    runner = RunnerView("a", ready_at=100.0)
    assert plan(Scaling(keep_alive=300), [runner], [], 109.9).stop == ()
    assert plan(Scaling(keep_alive=300), [runner], [], 109.9).check_at == 110.0
    assert plan(Scaling(keep_alive=300), [runner], [], 110.0).stop == ("a",)


def test_with_a_buffer_the_ten_seconds_do_not_apply() -> None:
    simulation = Simulation(Scaling(max_concurrency=4, concurrency_buffer=1, keep_alive=60))
    assert simulation.run(0.1) == 1
    assert simulation.run(100) == 1
    assert simulation.run(101, [100.5]) == 2  # one works, one more as a buffer
    assert simulation.run(150) == 2
    assert simulation.run(170) == 1


def test_multiplexing_fills_a_runner_before_another_starts() -> None:
    simulation = Simulation(Scaling(max_concurrency=4, max_multiplexing=8), work=2)
    assert simulation.run(1, [0.5] * 8) == 1
    assert simulation.run(1.5, [1.2]) == 2
    assert simulation.run(4.4) == 2  # eight since 2.5, the ninth at once
    assert simulation.run(16, [15.0] * 17) == 3


def test_keep_alive_zero_stops_at_once() -> None:
    simulation = Simulation(Scaling(keep_alive=0), work=1)
    assert simulation.run(3, [0.5]) == 1
    assert simulation.run(3.7) == 0


def test_a_scaling_delay_waits_before_it_starts_one() -> None:
    simulation = Simulation(Scaling(max_concurrency=3, scaling_delay=5))
    assert simulation.run(5.3, [0.5]) == 0
    assert simulation.run(5.7) == 1
    made = plan(Scaling(scaling_delay=5), [], [10.0], 12.0)
    assert (made.start, made.check_at) == (0, 15.0)


def test_a_crash_loop_waits_longer_each_time() -> None:
    simulation = Simulation(Scaling(max_concurrency=1), start_time=1, crash=lambda now: True)
    # started at 0.1; each start takes 1 s to crash, after which nothing runs for 30, 60, 90 ... s
    counts = [(1.0, 1), (1.2, 0), (31.0, 0), (31.2, 1), (32.2, 0), (92.0, 0), (92.2, 1), (93.2, 0), (183.0, 0), (183.2, 1)]
    assert [simulation.run(1.0, [0.1]), *(simulation.run(until) for until, _ in counts[1:])] == [runners for _, runners in counts]
    assert simulation.started == 4
    simulation.run(1000)
    assert simulation.started == simulation.failures == 8


def test_a_success_ends_the_backoff() -> None:
    simulation = Simulation(Scaling(max_concurrency=2), start_time=1, crash=lambda now: now < 50)
    simulation.run(100, [0.1])  # fails at 1.1 and 32.1, then waits until 92.1
    assert simulation.failures == 0
    assert backoff(1), backoff(2) == (30, 60)
    assert backoff(100) == 600


def test_a_runner_at_work_is_never_stopped() -> None:
    busy = RunnerView("a", in_flight=1, ready_at=0.0, last_used=0.0)
    assert plan(Scaling(keep_alive=0), [busy], [], 1000).stop == ()


def test_only_the_surplus_is_stopped_longest_idle_first() -> None:
    runners = [RunnerView(name, ready_at=0.0, last_used=used) for name, used in (("a", 5.0), ("b", 1.0), ("c", 3.0))]
    assert plan(Scaling(min_concurrency=1, keep_alive=10), runners, [], 100).stop == ("b", "c")


def test_nothing_to_do_asks_for_nothing() -> None:
    made = plan(Scaling(), [], [], 0)
    assert (made.start, made.stop, made.check_at) == (0, (), None)
