"""How long and how often a backend is asked again."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from hyperborn.backends.backend import TransientError
from hyperborn.errors import UserError, is_number, whole_number

Result = TypeVar("Result")

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between tries; doubled each time, and up to a second more at random, so that clients do not come in step."""

LONGEST_TEXT = 300
SECRETS = re.compile(
    r"crn:\S+|(\b(?:api.?key|token|authorization|password)\W{0,2}[:=]\W{0,2})(?:bearer\s+)?(?!withheld\])\S+|bearer\s+\S+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Persistence:
    """How persistent one is with a backend; times in seconds."""

    # Arguments are checked below, so that a mistake is a UserError even where the tests check types.
    __no_type_check__ = True

    patience: float = 24 * 3600.0
    """For a job to come to its end, its time in the queue included."""
    silence: float = 900.0
    """Without an answer, within which it is asked again; then one gives up."""
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
    """Asks until there is an answer; `sleep` and `clock` (seconds) are the system's, save in tests."""

    persistence: Persistence
    note: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def until_answered(self, ask: Callable[[Callable[[], None]], Result], what: str) -> Result:
        """What `ask` gives, asked again after a `TransientError`; each time with a longer pause, or that asked for.

        Args:
            ask: called with a function to be called whenever the backend gives a sign of life.
            what: is asked, for notes, such as "sending step-00012".

        Raises:
            Silence: when the next try would come after `persistence.silence` seconds without an answer.
        """
        silent_since: float | None = None
        backoff = tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=1.0)

        def alive() -> None:
            nonlocal silent_since
            silent_since = None

        def pause(state: tenacity.RetryCallState) -> float:
            error = error_of(state)
            asked = error.retry_after if isinstance(error, TransientError) else None
            return max(backoff(state), asked or 0.0)

        def is_enough(state: tenacity.RetryCallState) -> bool:
            nonlocal silent_since
            now = self.clock()
            silent_since = now if silent_since is None else silent_since
            return now + state.upcoming_sleep - silent_since > self.persistence.silence

        def tell(state: tenacity.RetryCallState) -> None:
            self.note(f"{what}: {one_line(error_of(state))}; asking again in {state.upcoming_sleep:.0f} s")

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=pause,
            stop=is_enough,
            sleep=self.sleep,
            before_sleep=tell,
            reraise=True,
        )
        try:
            return retrying(ask, alive)
        except TransientError as error:
            within = f"silence={self.persistence.silence:,g} seconds"
            raise Silence(f"{what}: {one_line(error)}; asked again and again within {within}") from error


def error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def one_line(error: BaseException | None) -> str:
    """What an error says, in one line of bounded length, without what looks like a secret or names an account."""
    text = " ".join(SECRETS.sub(lambda found: f"{found[1] or ''}[withheld]", str(error)).split())
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."
