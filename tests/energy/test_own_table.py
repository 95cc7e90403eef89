from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.energy.own_table import looked_up
from hyperborn.errors import UserError
from own_energies import TABLE, N, differences

BITS = oracle.all_bits(N)[[0, 5, 77, 255]].astype(np.uint8)


def test_energies_of_rows_are_the_entries_of_the_table_with_weight_0_first() -> None:
    energies = hb.Energies(TABLE)
    assert (energies.n_bits, energies.n_examples) == (8, 1)
    np.testing.assert_array_equal(energies(BITS), TABLE[[0, 5, 77, 255]])
    np.testing.assert_array_equal(energies.table(), TABLE)
    with pytest.raises(UserError, match="bits are rows of 7 bits for 8 weights"):
        energies(BITS[:, 1:])


@pytest.mark.parametrize(
    "given", [[0, 1, 2, 3], np.arange(4, dtype=np.float32), jnp.arange(4)], ids=["list", "f4", "jax"]
)
def test_anything_like_a_list_of_real_numbers_is_taken_and_copied(given: Any) -> None:
    table = hb.Energies(given).table()
    assert table.dtype == np.float64
    assert table.tolist() == [0, 1, 2, 3]
    own = np.zeros(4)
    kept = hb.Energies(own)
    own[0] = 7
    assert kept.table()[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept.table()[0] = 1


REMEDY = "give 2\\^n energies \\(nats\\) in index order, n from 1 to 24"
WRONG = {
    "three": ([1.0, 2.0, 3.0], f"3 energies: {REMEDY}"),
    "one": ([1.0], f"1 energies: {REMEDY}"),
    "none": ([], f"0 energies: {REMEDY}"),
    "a matrix": (np.zeros((2, 2)), rf"energies of shape \(2, 2\): {REMEDY}, in one dimension"),
    "a number": (3.0, r"energies of shape \(\)"),
    "too many": (np.broadcast_to(0.0, 2**25), r"33,554,432 energies: .*; beyond that give hb\.EnergyFunction"),
    "complex": (np.zeros(4, complex), r"energies must be real numbers \(its values are of type complex128\)"),
    "text": (["1", "2"], r"energies must be real numbers \(its values are of type <U1\)"),
    "ragged": ([[1.0], [2.0, 3.0]], "energies must be real numbers"),
    "NaN": ([0, 1, float("nan"), 2], "energies: nan for the bits 10; give finite numbers"),
    "forbidden": (
        [0, 1, 2, float("inf")],
        r"energies: inf for the bits 11; for a forbidden string give a finite energy",
    ),
    "certain": ([float("-inf"), 1], "energies: -inf for the bits 0; give finite numbers"),
}


@pytest.mark.parametrize(("given", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_table_of_energies_is_one_line(given: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        hb.Energies(given)
    assert "\n" not in str(caught.value)


def test_the_derivative_by_a_bit_is_the_difference_that_it_makes() -> None:
    values, rows = jnp.asarray(TABLE, jnp.float32), jnp.asarray(BITS, jnp.float32)
    np.testing.assert_array_equal(looked_up(values, rows), values[np.array([0, 5, 77, 255])])
    slopes = jax.grad(lambda bits: (looked_up(values, bits) * jnp.array([1.0, 2.0, 3.0, 4.0])).sum())(rows)
    np.testing.assert_allclose(slopes, differences(BITS) * np.array([[1], [2], [3], [4]]), rtol=0, atol=1e-5)


def test_steps_leave_out_the_lowest_energy() -> None:
    energies = hb.Energies(TABLE + 1e9)
    batch = energies.on_device().batch(jnp.zeros(0))
    found = np.asarray(batch.energies(jnp.asarray(BITS, jnp.float32)), np.float64) + energies.offset
    np.testing.assert_allclose(found, TABLE[[0, 5, 77, 255]] + 1e9, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_derivatives_are_of_the_precision_of_the_bits(dtype: str) -> None:
    batch = hb.Energies(TABLE).on_device().batch(jnp.zeros(0))
    with jax.enable_x64(True):
        rows = jnp.asarray(BITS, dtype)
        value, slopes = jax.value_and_grad(lambda bits: batch.energies(bits).sum())(rows)
        assert (value.dtype, slopes.dtype) == (rows.dtype, rows.dtype)
    np.testing.assert_allclose(slopes, differences(BITS), rtol=0, atol=1e-5)


def test_a_record_is_the_table_to_the_last_bit() -> None:
    arrays, description = hb.Energies(TABLE).to_record()
    assert description == {"kind": "Energies"}
    again = hb.Energies.from_record(arrays, description)
    assert again.table().tobytes() == TABLE.tobytes()
    for wrong in ({}, {"energies": TABLE.astype(np.float32)}, {"energies": TABLE, "more": TABLE}):
        with pytest.raises(UserError, match="data record: a table of energies is one float64 array"):
            hb.Energies.from_record(wrong, description)
