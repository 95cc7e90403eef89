"""Repeated requests to a backend: how long and how often."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from hyperborn.backends.backend import TransientError
from hyperborn.errors import UserError, is_number, whole_number
from hyperborn.redaction import one_line

Result = TypeVar("Result")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between tries; doubled each time, plus up to a second at random, so that clients spread their requests."""

SLICE = 1.0
"""Seconds of a single sleep, so that Ctrl-C ends long pauses."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for a backend and how often to ask it again; times in seconds."""

    patience: float = 24 * 3600.0
    """Longest time from sending a job to its end, including its time in the queue."""
    answer_timeout: float = 900.0
    """Longest time without an answer in which requests are repeated, without pauses that the backend asks for."""
    attempts: int = 3
    """Jobs that are sent for one batch, if they fail; each may cost money."""
    list_pauses: tuple[float, ...] = (2.0, 5.0, 15.0)
    """Pauses between searches for a job in the backend's list, which may lag, before the job counts as not there."""

    def __post_init__(self) -> None:
        for name, value in (("patience", self.patience), ("answer_timeout", self.answer_timeout)):
            if not (is_number(value) and value > 0):
                raise UserError(f"{name}={value!r} must be a number of seconds above 0")
        if not all(is_number(pause) and pause >= 0 for pause in self.list_pauses):
            raise UserError(f"list_pauses={self.list_pauses!r} must be pauses of 0 seconds or more")
        whole_number("attempts", self.attempts, 1)


class NoAnswer(Exception):  # noqa: N818
    """The backend has not answered within the times of a `RetryPolicy`."""


@dataclass(frozen=True, eq=False)
class Retrier:
    """Repeats requests until there is an answer.

    `waiting` is called every second of a pause, and may raise to end it. `sleep` and `clock` (seconds) are the
    system's, except in tests.
    """

    retry_policy: RetryPolicy
    note: Callable[[str], None]
    waiting: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def rest(self, seconds: float) -> None:
        """Sleep for some seconds, unless `waiting` raises."""
        rest(seconds, lambda: self.waiting("asking again soon"), self.sleep)

    def until_answered(self, ask: Callable[[Callable[[], None]], Result], what: str) -> Result:
        """The result of `ask`, repeated after each `TransientError` with growing pauses, or those the backend asks for.

        Args:
            ask: takes a function, which it calls whenever the backend answers.
            what: the request in words, for notes, such as "sending step-00012".

        Raises:
            NoAnswer: if the next request would come after `answer_timeout` seconds without an answer, not counting
                pauses that the backend asked for, or if these add up to more than `patience` seconds.
        """
        silent_since: float | None = None
        granted = 0.0
        backoff = tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=1.0)

        def alive() -> None:
            nonlocal silent_since, granted
            silent_since, granted = None, 0.0

        def pause(state: tenacity.RetryCallState) -> float:
            return max(backoff(state), seconds_asked_for(state))

        def is_enough(state: tenacity.RetryCallState) -> bool:
            nonlocal silent_since, granted
            now = self.clock()
            silent_since = now if silent_since is None else silent_since
            granted += seconds_asked_for(state)
            silence = now + state.upcoming_sleep - silent_since - granted
            return silence > self.retry_policy.answer_timeout or granted > self.retry_policy.patience

        def tell(state: tenacity.RetryCallState) -> None:
            self.note(f"{what}: {one_line(error_of(state))}; asking again in {state.upcoming_sleep:.0f} s")

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=pause,
            stop=is_enough,
            sleep=self.rest,
            before_sleep=tell,
            reraise=True,
        )
        try:
            return retrying(ask, alive)
        except TransientError as error:
            timeout, patience = self.retry_policy.answer_timeout, self.retry_policy.patience
            reason = f"asked again and again within answer_timeout={timeout:,g} seconds"
            if granted > patience:
                reason = f"it asks for pauses of more than patience={patience:,g} seconds"
            raise NoAnswer(f"{what}: {one_line(error)}; {reason}") from error


def rest(seconds: float, waiting: Callable[[], None], sleep: Callable[[float], None]) -> None:
    """Sleep for some seconds, one at a time, with a call of `waiting` before each; it ends the pause by raising."""
    while seconds > 0:
        waiting()
        sleep(min(seconds, SLICE))
        seconds -= SLICE


def seconds_asked_for(state: tenacity.RetryCallState) -> float:
    """Seconds that the backend asked to wait; 0 if it did not."""
    error = error_of(state)
    return (error.retry_after or 0.0) if isinstance(error, TransientError) else 0.0


def error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
