import signal
import threading
from collections.abc import Iterator

import pytest

from hyperborn.errors import Stopped, stop
from hyperborn.training.interruption import Interrupted, give_way, interruptible


def test_ctrl_c_waits_for_the_block_and_is_said() -> None:
    before = signal.getsignal(signal.SIGINT)
    done: list[int] = []
    with pytest.raises(ZeroDivisionError), interruptible() as interrupted:  # noqa: PT012
        done.append(interrupted())
        signal.raise_signal(signal.SIGINT)
        done.append(interrupted())
        raise ZeroDivisionError
    assert done == [0, signal.SIGINT]
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_is_not_swallowed_by_a_block_that_does_not_ask() -> None:
    before = signal.getsignal(signal.SIGINT)
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done.append("to the end")
    assert done == ["to the end"]
    assert signal.getsignal(signal.SIGINT) == before


@pytest.fixture
def on_the_command_line(number: int) -> Iterator[None]:
    """The signal is handled as the command line has it."""
    before = signal.signal(number, stop)
    yield
    signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("on_the_command_line")
def test_other_signals_to_stop_act_like_ctrl_c(number: int) -> None:
    with pytest.raises(Stopped) as outside:
        signal.raise_signal(number)
    with pytest.raises(Interrupted) as waiting, interruptible() as interrupted:  # noqa: PT012
        signal.raise_signal(number)
        assert interrupted() == number
        give_way()
    with pytest.raises(Stopped) as at_the_end, interruptible():
        signal.raise_signal(number)
    assert [found.value.number for found in (outside, waiting, at_the_end)] == [number] * 3
    assert signal.getsignal(number) is stop


def test_a_handler_of_somebody_elses_is_left_alone() -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    try:
        with interruptible() as interrupted:
            signal.raise_signal(signal.SIGTERM)
            assert (seen, interrupted()) == ([signal.SIGTERM], 0)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_second_ctrl_c_acts_at_once() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("to the end")
    assert done == []


def test_other_threads_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with interruptible() as interrupted:
            seen.extend([interrupted(), signal.getsignal(signal.SIGINT)])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [0, before]
