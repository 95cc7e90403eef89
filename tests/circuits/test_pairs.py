from hyperborn.circuits.pairs import all_pairs, ladder_pairs, line_pairs, ring_pairs


def test_all_pairs_are_those_of_different_qubits() -> None:
    assert all_pairs(3) == ((0, 1), (0, 2), (1, 2))
    assert [len(all_pairs(n)) for n in range(1, 6)] == [0, 1, 3, 6, 10]


def test_ring_gives_every_qubit_two_neighbours() -> None:
    assert ring_pairs(4) == ((0, 1), (0, 3), (1, 2), (2, 3))
    assert (ring_pairs(1), ring_pairs(2), ring_pairs(3)) == ((), ((0, 1),), ((0, 1), (0, 2), (1, 2)))


def test_ladder_has_two_rails_and_rungs() -> None:
    assert ladder_pairs(6) == ((0, 1), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (4, 5))
    assert ladder_pairs(5) == ((0, 1), (0, 3), (1, 2), (1, 4), (3, 4))
    assert (ladder_pairs(1), ladder_pairs(2)) == ((), ((0, 1),))


def test_line_couples_neighbours_in_two_sets_of_separate_pairs() -> None:
    assert line_pairs(6) == ((0, 1), (2, 3), (4, 5), (1, 2), (3, 4))
    assert line_pairs(5) == ((0, 1), (2, 3), (1, 2), (3, 4))
    assert (line_pairs(1), line_pairs(2)) == ((), ((0, 1),))
