"""Checks of the arrays, paths and names that users give.

Each public function checks its arguments once; the functions that it calls do not check them again.
"""

import math
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from hyperborn.errors import UserError, is_number
from hyperborn.printable import shown

SUM_TOLERANCE = 1e-4
"""How far from 1 the sum of probabilities may be; in single precision it is nearer, even of 2^24 of them."""


def path_of(name: str, value: Any, what: str) -> Path:
    """The path that a user gives as text, or as an object such as `pathlib.Path`; `what` says of what it is.

    Raises:
        UserError: for anything else, or text that no system takes for a path.
    """
    try:
        # It may be an object of the user's own, or one that stands for bytes.
        path = Path(value) if isinstance(value, str | PathLike) else None
    except TypeError:
        path = None
    if path is None or "\0" in str(path):
        why = "" if path is None else "; no path holds a NUL character, so check the path"
        raise UserError(f"{name}={shown(value)} must be the path of {what}{why}")
    return path


def check_text(name: str, value: Any, remedy: str) -> None:
    """Check a name: that it is text.

    Raises:
        UserError: for anything else; `remedy` says what to give.
    """
    if not isinstance(value, str):
        raise UserError(f"{name}={shown(value)}: give {remedy}")


def type_and_shape(value: Any) -> str:
    """The dtype and shape of an array; of anything else the type."""
    return f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


def check_kind(name: str, value: Any, kinds: tuple[type, ...], remedy: str, *, hashable: bool = True) -> None:
    """Check that a part of a run is of one of these classes, has every attribute that they declare, and can be hashed.

    Compiled programs are found by the parts that they were compiled for, which must be hashable for that; with
    `hashable=False` this is not checked.

    Raises:
        UserError: for anything else; `remedy` says what to give.
    """
    if not isinstance(value, kinds):
        given = f"the class {value.__name__}" if isinstance(value, type) else shown(value)
        raise UserError(f"{name} = {given}: give {remedy}")
    own = type(value).__name__
    for kind in kinds:
        lacking = [attribute for attribute in vars(kind).get("__annotations__", {}) if not hasattr(value, attribute)]
        if isinstance(value, kind) and lacking:
            raise UserError(f"{name} of type {own} lacks {', '.join(lacking)}, which every {kind.__name__} declares")
    try:
        hash(value if hashable else None)
    except TypeError as error:
        raise UserError(
            f"{name} of type {own} cannot be hashed ({error}); make its class a frozen dataclass with fields such as "
            "numbers, texts and tuples"
        ) from error


def geometric_numbers(name: str, given: Any, most: int) -> tuple[float, ...]:
    """Numbers that bits choose from: 2^m of them from 1 / most to most, each the same multiple of the one before.

    Raises:
        UserError: for anything else.
    """
    numbers = given if isinstance(given, tuple | list) else ()
    count = len(numbers)
    usable = all(is_number(number) and 1 / most <= number <= most for number in numbers)
    if not count or count & (count - 1) or not usable or not is_geometric(numbers):
        remedy = "one number above 0, or 2, 4, 8, ... of them, each the same multiple of the one before"
        raise UserError(f"{name}={given!r} must be {remedy}, such as (0.5, 1, 2, 4)")
    return tuple(float(number) for number in numbers)


def is_geometric(numbers: Any) -> bool:
    """Whether each number is the same multiple, other than 1, of the one before."""
    ratios = [after / before for before, after in pairwise(numbers)]
    return all(ratio != 1 and math.isclose(ratio, ratios[0], rel_tol=1e-12) for ratio in ratios)


def check_bits(name: str, bits: Any, n: int | None = None, *, least: int = 0) -> None:
    """Check rows of bits, one network a row: a uint8 array (rows, n) of zeros and ones.

    Raises:
        UserError: for anything else, rows of another length than `n`, or fewer than `least` rows.
    """
    is_table = isinstance(bits, np.ndarray) and bits.ndim == 2 and bits.shape[1] > 0 and len(bits) >= least
    if not is_table or bits.dtype != np.uint8 or bits.max(initial=0) > 1:
        raise UserError(
            f"{name} = {type_and_shape(bits)}: give rows of bits, a uint8 array of zeros and ones of shape (rows, n)"
        )
    if n is not None and bits.shape[1] != n:
        raise UserError(f"{name} are rows of {bits.shape[1]} bits for {n} weights: give one bit a weight")


def check_features(x: Any, n: int) -> None:
    """Check features: an array (examples, n) of finite real numbers.

    Raises:
        UserError: for anything else.
    """
    if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype.kind not in "biuf":
        raise UserError(f"features = {type_and_shape(x)}: give an array of numbers of shape (examples, {n})")
    if x.shape[1] != n:
        raise UserError(
            f"the data has {x.shape[1]} features but the network takes {n}; give it those that it was made for"
        )
    if not np.isfinite(x).all():
        raise UserError("the features hold NaN or infinite values; remove or fill those examples")


def check_labels(y: Any, examples: int, n_classes: int, owner: str) -> None:
    """Check labels: an array (examples,) of whole numbers from 0 to n_classes - 1.

    `owner` says whose classes they are, such as "a network".

    Raises:
        UserError: for anything else.
    """
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "biu":
        raise UserError(f"labels = {type_and_shape(y)}: give an array of whole numbers, the class of each example")
    if len(y) != examples:
        raise UserError(f"{examples} examples with {len(y)} labels; give one label an example")
    strange = y[(y < 0) | (y >= n_classes)]
    if strange.size:
        last = n_classes - 1
        raise UserError(f"label {strange[0]} is out of range; {owner} of {last + 1} classes takes 0 to {last}")


def distribution(name: str, q: Any, n: int | None = None) -> Float[np.ndarray, " states"]:
    """Probabilities of all 2^n networks, an array of numbers of at least 0 that add up to 1, in float64.

    Raises:
        UserError: for anything else.
    """
    table = np.asarray(q) if hasattr(q, "__array__") else q
    is_list = isinstance(table, np.ndarray) and table.ndim == 1 and table.dtype.kind in "biuf" and table.size
    if not is_list or table.size != 2 ** (table.size.bit_length() - 1 if n is None else n):
        number = "2^n" if n is None else str(2**n)
        raise UserError(f"{name} = {type_and_shape(table)}: give an array of {number} probabilities, one a network")
    table = table.astype(np.float64, copy=False)
    least, total = table.min(), table.sum()
    # A NaN fails both comparisons.
    if not least >= 0 or not abs(total - 1) <= SUM_TOLERANCE:
        raise UserError(
            f"{name} has the least entry {least:.4g} and the sum {total:.6g}: give probabilities, which are at least "
            "0 and add up to 1"
        )
    return table


def check_class_probabilities(probabilities: Any) -> None:
    """Check predictions: an array (examples, classes) of probabilities, each row of which adds up to 1.

    Raises:
        UserError: for anything else.
    """
    fits = isinstance(probabilities, np.ndarray) and probabilities.ndim == 2 and probabilities.dtype.kind == "f"
    if not fits or probabilities.shape[1] < 2:
        raise UserError(
            f"predictions = {type_and_shape(probabilities)}: give an array (examples, classes) of probabilities"
        )
    totals = probabilities.sum(axis=1)
    wrong = ~((probabilities >= 0).all(axis=1) & (np.abs(totals - 1) <= SUM_TOLERANCE))
    if wrong.any():
        first = int(wrong.argmax())
        raise UserError(
            f"prediction {first} is {probabilities[first].tolist()}: give the probabilities of the classes, which are "
            "at least 0 and add up to 1"
        )


def check_marginals(marginals: Any, n: int | None = None) -> None:
    """Check marginals: an array (n,) of the probabilities, from 0 to 1, that bits are 1.

    Raises:
        UserError: for anything else.
    """
    is_list = isinstance(marginals, np.ndarray) and marginals.ndim == 1 and marginals.dtype.kind == "f"
    if not is_list or not marginals.size or not ((marginals >= 0) & (marginals <= 1)).all():
        raise UserError(f"marginals = {shown(marginals)}: give an array of one probability from 0 to 1 for each bit")
    if n is not None and len(marginals) != n:
        raise UserError(f"{len(marginals)} marginals for {n} weights: give one a weight")


def check_parameters(params: Any, shape: tuple[int, ...], owner: Any) -> None:
    """Check parameters, arrays that JAX traces included: of the shape, in single or double precision.

    Raises:
        UserError: for anything else.
    """
    found, dtype = getattr(params, "shape", None), getattr(params, "dtype", None)
    if found != shape:
        given = f"parameters of shape {found}" if found is not None else f"parameters = {shown(params)}"
        raise UserError(f"{given} do not fit {shown(owner)}; it takes an array of shape {shape}")
    if dtype not in (np.float32, np.float64):
        raise UserError(f"parameters of type {dtype}: give an array of float32 or float64")


def check_finite_parameters(params: Any, shape: tuple[int, ...], owner: Any) -> None:
    """As `check_parameters`, and that each parameter is a finite number: not for arrays that JAX traces.

    Raises:
        UserError: for anything else.
    """
    check_parameters(params, shape, owner)
    try:
        values = np.asarray(params)
    except jax.errors.TracerArrayConversionError as error:
        raise UserError(
            f"{shown(owner)} is asked for reported numbers inside of jit, grad or vmap; take `probabilities` there"
        ) from error
    strange = np.flatnonzero(~np.isfinite(values))
    if strange.size:
        raise UserError(f"parameter {strange[0]} of {shown(owner)} is NaN or infinite; give finite numbers")


def check_key(key: Any) -> None:
    """Check a random key of JAX, typed or of the older kind.

    Raises:
        UserError: for anything else.
    """
    if isinstance(key, jax.Array):
        typed = jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.shape == ()
        if typed or (key.dtype == np.uint32 and key.shape == (2,)):
            return
    raise UserError(f"key = {shown(key)}: give one JAX random key, such as jax.random.key(0)")
