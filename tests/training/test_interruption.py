import signal
import threading

import pytest

from hyperborn.training.interruption import interruptible


def test_ctrl_c_waits_for_the_block_and_is_said() -> None:
    before = signal.getsignal(signal.SIGINT)
    done: list[bool] = []
    with pytest.raises(ZeroDivisionError), interruptible() as interrupted:  # noqa: PT012
        done.append(interrupted())
        signal.raise_signal(signal.SIGINT)
        done.append(interrupted())
        raise ZeroDivisionError
    assert done == [False, True]
    assert signal.getsignal(signal.SIGINT) == before


def test_ctrl_c_is_not_swallowed_by_a_block_that_does_not_ask() -> None:
    before = signal.getsignal(signal.SIGINT)
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interruptible():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done.append("to the end")
    assert done == ["to the end"]
    assert signal.getsignal(signal.SIGINT) == before


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
    assert seen == [False, before]
