import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import hyperborn as hb
import oracle
from hyperborn.energy import own_function
from hyperborn.energy.own_function import EnergyFunction, probes
from hyperborn.errors import UserError
from own_energies import TABLE, N, differences, in_jax, in_numpy

KINDS = {"numpy": in_numpy, "jax": in_jax}
BITS = oracle.all_bits(N)[[0, 5, 77, 255]].astype(np.uint8)


@pytest.fixture(params=KINDS.values(), ids=KINDS, scope="module")
def energies(request: pytest.FixtureRequest) -> EnergyFunction:
    return hb.EnergyFunction(request.param, N)


def test_what_kind_of_function_it_is_is_found_out() -> None:
    assert not hb.EnergyFunction(in_numpy, N).in_jax
    assert hb.EnergyFunction(in_jax, N).in_jax


def test_energies_are_those_of_the_function_in_double_precision(
    energies: EnergyFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.testing.assert_allclose(energies(BITS), TABLE[[0, 5, 77, 255]], rtol=1e-12)
    assert energies(BITS[:0]).shape == (0,)
    np.testing.assert_allclose(energies.table(), TABLE, rtol=1e-12, atol=1e-12)
    # In parts, the last of which is shorter.
    monkeypatch.setattr(own_function, "AT_ONCE", 100 * N)
    seen: list[tuple[int, int]] = []
    np.testing.assert_allclose(energies.table(lambda done, total: seen.append((done, total))), TABLE, atol=1e-12)
    assert seen == [(part, 4) for part in range(1, 5)]
    np.testing.assert_allclose(energies(np.repeat(BITS, 40, axis=0)), np.repeat(energies(BITS), 40), rtol=1e-12)


def test_differences_are_those_that_each_bit_makes(energies: EnergyFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    np.testing.assert_allclose(energies.differences(BITS), differences(BITS), rtol=1e-10, atol=1e-12)
    monkeypatch.setattr(own_function, "AT_ONCE", 2 * N)
    np.testing.assert_allclose(energies.differences(BITS), differences(BITS), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("at_once", "calls"), [(own_function.AT_ONCE, 2), (16 * N, 3)], ids=["whole", "parts"])
def test_differences_ask_for_each_row_once(at_once: int, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counting(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return in_numpy(rows)

    energies = hb.EnergyFunction(counting, N)
    monkeypatch.setattr(own_function, "AT_ONCE", at_once)
    asked.clear()
    energies.differences(BITS)
    assert (sum(asked), len(asked)) == (len(BITS) * (N + 1), calls)


def test_in_compiled_steps_values_and_derivatives_are_the_same(energies: EnergyFunction) -> None:
    batch = energies.on_device().batch(jnp.zeros(0))
    weights = jnp.array([1.0, 2.0, 3.0, 4.0])
    found, slopes = jax.jit(jax.value_and_grad(lambda bits: (batch.energies(bits) * weights).sum()))(
        jnp.asarray(BITS, jnp.float32)
    )
    expected = (TABLE - energies.offset)[[0, 5, 77, 255]] @ np.asarray(weights)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(slopes, differences(BITS) * np.asarray(weights)[:, None], rtol=0, atol=2e-5)
    # Two batches under `vmap`, as local expectations ask.
    both = jax.vmap(batch.energies)(jnp.stack([jnp.asarray(BITS, jnp.float32), 1 - jnp.asarray(BITS, jnp.float32)]))
    expected = (TABLE - energies.offset)[np.array([[0, 5, 77, 255], [255, 250, 178, 0]])]
    np.testing.assert_allclose(both, expected, rtol=0, atol=1e-5)


def test_steps_leave_out_a_constant_of_a_function_in_numpy() -> None:
    energies = hb.EnergyFunction(lambda rows: in_numpy(rows) + 1e9, N)
    batch = energies.on_device().batch(jnp.zeros(0))
    found = np.asarray(batch.energies(jnp.asarray(BITS, jnp.float32)), np.float64) + energies.offset
    np.testing.assert_allclose(found, TABLE[[0, 5, 77, 255]] + 1e9, rtol=0, atol=1e-5)
    # What one in JAX computes is computed in single precision.
    assert hb.EnergyFunction(in_jax, N).offset == 0


def one_row(row: np.ndarray) -> float:
    return float(sum(row[place] for place in range(8)))


def raising(rows: np.ndarray) -> np.ndarray:
    del rows
    raise RuntimeError("the table\nis lost")


def writing(rows: np.ndarray) -> np.ndarray:
    rows[:] = 0
    return rows.sum(axis=1)


def partly_traced(rows: Any) -> Any:
    return jnp.asarray(np.asarray(rows) @ FIELD)


FIELD = np.arange(8.0)
VECTORISE = r"with a function g of one row give lambda rows: np\.array\(\[g\(row\) for row in rows\]\)"
WRONG: dict[str, tuple[Any, str]] = {
    "no function": (3, "function = 3: give a function of rows of bits"),
    "a class": (dict, r"function = <class 'dict'>: give a function"),
    "raises": (raising, "the energy function .*raising raised RuntimeError: the table; it takes an array"),
    "of one row": (lambda rows: one_row(rows), f"raised IndexError: index 2 is out of bounds.*{VECTORISE}"),
    "writes": (writing, "raised ValueError: assignment destination is read-only"),
    "a number": (lambda rows: rows.sum(), f"gives float64 of shape \\(\\) for 2 rows; .*{VECTORISE}"),
    "a matrix": (lambda rows: rows, r"gives float64 of shape \(2, 8\) for 2 rows"),
    "a column": (lambda rows: rows[:, :1], r"gives float64 of shape \(2, 1\) for 2 rows"),
    "a column of bits": (lambda rows: rows.sum(axis=0), r"gives float64 of shape \(8,\) for 2 rows"),
    "a list": (lambda rows: list(rows.sum(axis=1)), "gives list for 2 rows"),
    "nothing": (lambda _: None, "gives NoneType for 2 rows"),
    "complex": (lambda rows: rows.sum(axis=1) + 0j, r"gives complex128 of shape \(2,\) for 2 rows"),
    "truths": (lambda rows: rows.sum(axis=1) > 3, r"gives bool of shape \(2,\) for 2 rows"),
    "text": (lambda rows: rows.sum(axis=1).astype(str), r"gives <U32 of shape \(2,\) for 2 rows"),
    "NaN": (lambda rows: np.where(rows.any(axis=1), np.nan, 0), "nan for the bits 10101010; give finite numbers"),
    "forbidden": (
        lambda rows: np.where(rows.any(axis=1), np.inf, 0),
        "inf for the bits 10101010; for a forbidden string give a finite energy: 50 nats above",
    ),
    "of all rows": (
        lambda rows: rows.sum(axis=1) - rows.mean(),
        r"gives \[-0\.25, 3\.75\] for rows together and \[0\.0, 3\.5\] for each alone",
    ),
    "a number in JAX": (lambda rows: jnp.sum(rows), f"gives float64 of shape \\(\\) for 2 rows; .*{VECTORISE}"),
    "a column of bits in JAX": (lambda rows: jnp.sum(rows, axis=0), r"gives float64 of shape \(8,\) for 2 rows"),
    "truths in JAX": (lambda rows: jnp.sum(rows, axis=1) > 3, r"gives bool of shape \(2,\) for 2 rows"),
    "not all JAX": (partly_traced, "returns a JAX array and JAX cannot compile it .*compute with jax.numpy alone"),
}


@pytest.mark.parametrize(("function", "said"), WRONG.values(), ids=WRONG)
def test_a_function_that_does_not_fit_is_found_with_two_rows(function: Any, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        hb.EnergyFunction(function, 8)
    assert "\n" not in str(caught.value)


def test_with_as_many_bits_as_rows_a_vector_of_bits_is_no_vector_of_rows() -> None:
    with pytest.raises(UserError, match=r"gives float64 of shape \(2,\) for 3 rows"):
        hb.EnergyFunction(lambda rows: rows.sum(axis=0), 2)


@pytest.mark.parametrize("n_bits", [0, -1, 2.5, True, "8"])
def test_bits_are_a_positive_whole_number(n_bits: Any) -> None:
    with pytest.raises(UserError, match=r"n_bits=.* must be a whole number of at least 1"):
        hb.EnergyFunction(in_numpy, n_bits)


def test_what_goes_wrong_on_other_rows_is_the_same_line_later() -> None:
    energies = hb.EnergyFunction(lambda rows: np.where(rows[:, 0] < rows[:, 1], np.nan, rows.sum(axis=1)), N)
    with pytest.raises(UserError, match="nan for the bits 01000000; give finite numbers"):
        energies.table()
    # Within compiled steps nothing can be raised: it is kept, and raised once.
    batch = energies.on_device().batch(jnp.zeros(0))
    rows = jnp.zeros((1, N)).at[0, 1].set(1.0)
    assert np.isnan(batch.energies(rows)).all()
    with pytest.raises(UserError, match="nan for the bits 01000000"):
        energies.check_steps()
    energies.check_steps()


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda rows: (rows > 0.5).sum(axis=1) + jnp.zeros(len(rows)), "has no derivative by its bits; write it as"),
        (lambda rows: jnp.sqrt(rows).sum(axis=1), "has derivatives that are NaN or infinite in single precision"),
    ],
    ids=["zero", "infinite"],
)
def test_a_function_in_jax_without_useful_derivatives_is_refused_where_they_are_needed(
    function: Any, said: str
) -> None:
    energies = hb.EnergyFunction(function, N)
    energies.table()
    with pytest.raises(UserError, match=said):
        energies.check_derivatives()
    # Its values are good enough for estimators that need no more.
    np.testing.assert_allclose(
        energies.on_device().batch(jnp.zeros(0)).energies(jnp.eye(N)), energies(np.eye(N, dtype=np.uint8))
    )


def test_a_record_names_the_function_and_notices_another_of_the_same_name() -> None:
    energies = hb.EnergyFunction(in_numpy, N)
    arrays, description = energies.to_record()
    assert description == {"kind": "EnergyFunction", "function": "own_energies:in_numpy", "n_bits": 8}
    again = hb.EnergyFunction.from_record(arrays, description)
    assert (again.function, again.n_bits) == (in_numpy, 8)
    np.testing.assert_array_equal(arrays["energies"], energies(probes(N)))
    with pytest.raises(UserError, match="own_energies:in_numpy is not the one that the run was trained with"):
        hb.EnergyFunction.from_record({"energies": arrays["energies"] + 0.1}, description)
    with pytest.raises(UserError, match="the entries of an energy function do not fit"):
        hb.EnergyFunction.from_record(arrays, description | {"more": 1})


def test_a_function_without_a_name_says_why_it_cannot_be_saved() -> None:
    energies = hb.EnergyFunction(lambda rows: rows.sum(axis=1), 3)
    assert energies.why_unsaved is not None
    with pytest.raises(
        UserError, match=r"<lambda> has no name that it could be found by, so that its run cannot be saved; define"
    ):
        energies.to_record()


def test_rounding_is_no_reason_to_refuse_a_function() -> None:
    """Sums of large terms that cancel, in single precision, depend on how many rows there are."""
    terms = np.random.default_rng(0).normal(0, 100, 200).astype(np.float32)
    terms -= terms[::2].mean()
    hb.EnergyFunction(lambda rows: rows.astype(np.float32) @ terms, 200)


def test_too_many_bits_have_no_table() -> None:
    with pytest.raises(UserError, match=r"over the limit of 24 weights; give the posterior hb\.Registers"):
        hb.EnergyFunction(lambda rows: rows.sum(axis=1), 30).table()


def test_jax_is_asked_for_double_precision_without_a_warning() -> None:
    def exact(rows: Any) -> Any:
        return jnp.sum(rows / 3, axis=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert hb.EnergyFunction(exact, 3)(np.array([[0, 0, 1]], np.uint8))[0] == 1 / 3
