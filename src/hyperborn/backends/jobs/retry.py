"""How long and how often a backend is asked again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from hyperborn.backends.backend import TransientError
from hyperborn.backends.redaction import one_line
from hyperborn.errors import UserError, is_number, whole_number

Result = TypeVar("Result")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between tries; doubled each time, and up to a second more at random, so that clients do not come in step."""

SLICE = 1.0
"""Seconds that one sleeps at a time, so that Ctrl-C is heeded during long pauses."""


@dataclass(frozen=True)
class Persistence:
    """How persistent one is with a backend; times in seconds."""

    patience: float = 24 * 3600.0
    """For a job to come to its end, its time in the queue included."""
    silence: float = 900.0
    """Without an answer, within which it is asked again; then one gives up. Pauses that it asks for do not count."""
    attempts: int = 3
    """At a job that fails, each of which may be paid for."""
    looks: tuple[float, ...] = (2.0, 5.0, 15.0)
    """Pauses between looks for a job in the backend's list, which may lag, before it is taken not to be there."""

    def __post_init__(self) -> None:
        for name, value in (("patience", self.patience), ("silence", self.silence)):
            if not (is_number(value) and value > 0):
                raise UserError(f"{name}={value!r} must be a number of seconds above 0")
        if not all(is_number(pause) and pause >= 0 for pause in self.looks):
            raise UserError(f"looks={self.looks!r} must be pauses of 0 seconds or more")
        whole_number("attempts", self.attempts, 1)


class Silence(Exception):  # noqa: N818
    """A backend has not answered for as long as one was willing to ask."""


@dataclass(frozen=True, eq=False)
class Asking:
    """Asks until there is an answer.

    `waiting` is called every second of a pause, and may raise to end it; `sleep` and `clock` (seconds) are the
    system's, save in tests.
    """

    persistence: Persistence
    note: Callable[[str], None]
    waiting: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def rest(self, seconds: float) -> None:
        """Sleep for so long, unless `waiting` raises."""
        rest(seconds, lambda: self.waiting("asking again soon"), self.sleep)

    def until_answered(self, ask: Callable[[Callable[[], None]], Result], what: str) -> Result:
        """What `ask` gives, asked again after a `TransientError`; each time with a longer pause, or that asked for.

        Args:
            ask: called with a function to be called whenever the backend gives a sign of life.
            what: is asked, for notes, such as "sending step-00012".

        Raises:
            Silence: when the next try would come after `persistence.silence` seconds without an answer, pauses that
                the backend asked for apart, or when it asks for more than `persistence.patience` seconds of them.
        """
        silent_since: float | None = None
        granted = 0.0
        backoff = tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=1.0)

        def alive() -> None:
            nonlocal silent_since, granted
            silent_since, granted = None, 0.0

        def pause(state: tenacity.RetryCallState) -> float:
            return max(backoff(state), asked_for(state))

        def is_enough(state: tenacity.RetryCallState) -> bool:
            nonlocal silent_since, granted
            now = self.clock()
            silent_since = now if silent_since is None else silent_since
            granted += asked_for(state)
            silence = now + state.upcoming_sleep - silent_since - granted
            return silence > self.persistence.silence or granted > self.persistence.patience

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
            silence, patience = self.persistence.silence, self.persistence.patience
            reason = f"asked again and again within silence={silence:,g} seconds"
            if granted > patience:
                reason = f"it asks for pauses of more than patience={patience:,g} seconds"
            raise Silence(f"{what}: {one_line(error)}; {reason}") from error


def rest(seconds: float, waiting: Callable[[], None], sleep: Callable[[float], None]) -> None:
    """Sleep for so long, in slices of a second, with a call of `waiting` before each: it ends the rest if it raises."""
    while seconds > 0:
        waiting()
        sleep(min(seconds, SLICE))
        seconds -= SLICE


def asked_for(state: tenacity.RetryCallState) -> float:
    """Seconds that the backend asked to wait, 0 if it did not."""
    error = error_of(state)
    return (error.retry_after or 0.0) if isinstance(error, TransientError) else 0.0


def error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
