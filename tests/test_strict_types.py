"""The tests are strict: a wrong type or shape in a call is caught. What a dataclass is made of, it checks itself."""

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

import hyperborn as hb
from hyperborn.errors import UserError
from hyperborn.likelihoods.categorical import margins
from hyperborn.posteriors import ExactPosterior
from hyperborn.walsh import walsh_hadamard


@pytest.mark.parametrize("values", [jnp.zeros((2, 2)), jnp.zeros(4, int), np.zeros(4, np.float32), [0.0] * 4])
def test_a_wrong_shape_kind_or_type_is_caught(values) -> None:
    walsh_hadamard(jnp.zeros(4))
    with pytest.raises(TypeCheckError, match="values"):
        walsh_hadamard(values)


def test_one_axis_has_one_length() -> None:
    margins(np.zeros((2, 3, 1)), np.zeros(3, int))
    with pytest.raises(TypeCheckError, match="examples"):
        margins(np.zeros((2, 3, 1)), np.zeros(4, int))


def test_constructors_by_hand_are_checked() -> None:
    with pytest.raises(TypeCheckError, match="beta"):
        ExactPosterior(np.zeros(4), beta="one")  # pyright: ignore[reportArgumentType]


def test_a_dataclass_speaks_for_itself() -> None:
    with pytest.raises(UserError, match="learning_rate"):
        hb.Adam("fast")  # pyright: ignore[reportArgumentType]
