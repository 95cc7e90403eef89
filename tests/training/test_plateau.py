import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperborn.errors import UserError
from hyperborn.training.plateau import History, Plateau

LOSSES = st.sampled_from([0.0, 0.001, 0.002, 0.0025, 1.0])
PLATEAUS = st.builds(Plateau, st.integers(1, 120), st.sampled_from([1e-3, 2e-3, 0.5]))
HISTORIES = st.integers(1, 3).flatmap(
    lambda restarts: st.lists(st.lists(LOSSES, min_size=restarts, max_size=restarts), min_size=1, max_size=12)
)


def plain(plateau: Plateau, rows: list[list[float]]) -> bool:
    """Flat over the fewest last records, 25 steps apart, that span the patience."""
    gaps = -(-plateau.patience // 25)
    if len(rows) <= gaps:
        return False
    window = rows[-gaps - 1 :]
    return all(max(losses) - min(losses) <= plateau.tolerance for losses in zip(*window, strict=True))


def history_of(rows: list[list[float]]) -> History:
    return [(25 * place, row) for place, row in enumerate(rows)]


@given(PLATEAUS, HISTORIES)
def test_it_is_reached_when_all_losses_are_flat_over_the_patience(plateau: Plateau, rows: list[list[float]]) -> None:
    assert plateau.reached(history_of(rows)) == plain(plateau, rows)


@given(PLATEAUS, HISTORIES)
def test_history_trimmed_at_every_record_gives_the_same_answers(plateau: Plateau, rows: list[list[float]]) -> None:
    kept: History = []
    for place, entry in enumerate(history_of(rows)):
        kept.append(entry)
        assert plateau.reached(kept) == plain(plateau, rows[: place + 1])
        kept = plateau.trimmed(kept)
        assert plateau.reached(kept) == plain(plateau, rows[: place + 1])
        assert len(kept) <= plateau.patience // 25 + 2


def test_without_history_nothing_is_reached() -> None:
    assert not Plateau().reached([])
    assert Plateau().trimmed([]) == []


def test_a_loss_that_is_not_a_number_is_not_flat() -> None:
    assert not Plateau(patience=25).reached([(0, [float("nan")]), (25, [float("nan")])])


@pytest.mark.parametrize("patience", [0, -1])
def test_patience_is_positive(patience: int) -> None:
    with pytest.raises(UserError, match=f"patience={patience} must be a whole number of at least 1"):
        Plateau(patience)


@pytest.mark.parametrize("tolerance", [0.0, -1.0, float("nan")])
def test_tolerance_is_positive(tolerance: float) -> None:
    with pytest.raises(UserError, match=f"tolerance = {tolerance}: give a positive number of nats"):
        Plateau(10, tolerance)
