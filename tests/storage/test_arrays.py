import io
import json
import math
import random
import struct
import warnings
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hyperborn.errors import UserError
from hyperborn.storage.arrays import (
    END_OF_ZIP,
    array_from_bytes,
    array_to_bytes,
    arrays_from_bytes,
    arrays_to_bytes,
    json_from_bytes,
    json_to_bytes,
)

DTYPES = st.sampled_from(["f4", "f8", ">f8", "i8", "u1", "u4", "?", "c8", "c16", "f2", "U3", "S2", "M8[ns]"])
ARRAYS = DTYPES.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
NAMES = st.text(st.characters(categories=["L", "N"], include_characters="/._ -"), min_size=1, max_size=8).filter(
    lambda name: not name.endswith(".npy")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal to the last bit, dtype and shape included."""
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


@given(arrays=st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_arrays_come_back_to_the_last_bit(arrays: dict[str, np.ndarray]) -> None:
    data = arrays_to_bytes(arrays)
    back = arrays_from_bytes(data, "memory")
    assert back.keys() == arrays.keys()
    assert all(same(back[name], arrays[name]) for name in arrays)
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        assert set(loaded.files) == set(arrays)
        assert all(same(loaded[name], arrays[name]) for name in arrays)


def test_equal_arrays_give_equal_bytes_whatever_their_order() -> None:
    one = np.arange(12.0).reshape(3, 4)
    first = arrays_to_bytes({"a": one, "b": np.array(3, np.int32)})
    second = arrays_to_bytes({"b": np.full((), 3, np.int32), "a": np.asfortranarray(one)})
    third = arrays_to_bytes({"b": np.full((), 3, np.int32), "a": one[::-1][::-1]})
    assert first == second == third
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == ["a.npy", "b.npy"]
    assert {(entry.date_time, entry.compress_type) for entry in entries} == {((1980, 1, 1, 0, 0, 0), 0)}


@pytest.mark.parametrize(
    "array", [np.array([None]), np.array(["a", 1], dtype=object), np.zeros(2, dtype=[("x", "f4")]), np.zeros(2, "V3")]
)
def test_dtypes_that_would_not_come_back_are_refused_by_name(array: np.ndarray) -> None:
    if array.dtype.kind == "V" and array.dtype.names is None:
        assert same(array_from_bytes(array_to_bytes(array, "x"), "memory"), array)
        return
    with pytest.raises(UserError, match="array 'theta' of dtype"):
        arrays_to_bytes({"theta": array})


def test_the_extension_types_of_jax_are_refused() -> None:
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    with pytest.raises(UserError, match="'theta' of dtype bfloat16 cannot be stored"):
        arrays_to_bytes({"theta": np.zeros(2, bfloat16)})


@pytest.mark.parametrize("name", ["", "a\0b", "a\n", "a.npy"])
def test_names_that_an_npz_would_garble_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="array name"):
        arrays_to_bytes({name: np.zeros(1)})


def test_pickled_objects_are_never_loaded() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, theta=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match=r"old\.npz \(theta\) is not a whole \.npy array"):
        arrays_from_bytes(buffer.getvalue(), "old.npz")


def test_an_npz_takes_no_more_memory_than_its_bytes() -> None:
    """Zeros that compress to a thousandth, entries that share their bytes, and items without any."""
    compressed = io.BytesIO()
    np.savez_compressed(compressed, theta=np.zeros(10**6))
    with pytest.raises(UserError, match=r"^x\.npz .*its entries are compressed"):
        arrays_from_bytes(compressed.getvalue(), "x.npz")
    whole = arrays_to_bytes({"theta": np.zeros(100)})
    end = whole.rindex(END_OF_ZIP)
    (start,) = struct.unpack_from("<I", whole, end + 16)
    # The entry twice in the directory at the end, and its new number and size.
    numbers = struct.pack("<4s4H2IH", END_OF_ZIP, 0, 0, 2, 2, 2 * (end - start), start, 0)
    with pytest.raises(UserError, match=r"^x\.npz .*overlap"):
        arrays_from_bytes(whole[:end] + whole[start:end] + numbers, "x.npz")
    empty = array_to_bytes(np.zeros(1, "S1"), "theta").replace(b"'|S1', ", b"'|S0', ").replace(b"(1,), ", b"(9,), ")
    with pytest.raises(UserError, match=r"^x\.npy is not a whole"):
        array_from_bytes(empty[:-1], "x.npy")


def test_a_failure_that_says_nothing_is_named_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise EOFError

    monkeypatch.setattr(zipfile, "ZipFile", silent)
    with pytest.raises(UserError, match=r"^x\.npz is not a whole \.npz file \(EOFError\); "):
        arrays_from_bytes(b"", "x.npz")


def test_every_flipped_bit_of_an_npz_is_named_or_harmless() -> None:
    arrays = {"theta": np.arange(6.0), "é": np.array([1, 2], np.uint8)}
    whole = arrays_to_bytes(arrays)
    lines: list[str] = []
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            back = arrays_from_bytes(bytes(flipped), "x.npz")
        except UserError as error:
            lines.append(str(error))
        else:
            assert back.keys() == arrays.keys()
            assert all(same(back[name], array) for name, array in arrays.items())
    assert all(line.startswith("x.npz") and "\n" not in line for line in lines)
    assert len(lines) > 4 * len(whole)


def test_every_truncation_of_an_npz_is_named() -> None:
    whole = arrays_to_bytes({"theta": np.arange(6.0)})
    for length in range(len(whole)):
        with pytest.raises(UserError, match=r"^x\.npz is not a whole \.npz file"):
            arrays_from_bytes(whole[:length], "x.npz")


def test_damaged_npy_bytes_raise_nothing_but_our_own_error() -> None:
    whole = array_to_bytes(np.arange(6.0), "theta")
    generator = random.Random(0)
    noticed = 0
    with warnings.catch_warnings():
        # NumPy warns where the damage makes a header look like one of Python 2.
        warnings.simplefilter("ignore")
        for _ in range(3000):
            damaged = bytearray(whole)
            for _ in range(generator.randint(1, 3)):
                damaged[generator.randrange(128)] ^= 1 << generator.randrange(8)
            try:
                array_from_bytes(bytes(damaged), "x.npy")
            except UserError as error:
                noticed += str(error).startswith("x.npy")
    assert noticed > 1000
    for wrong in (whole[:-1], whole + b"\0"):
        with pytest.raises(UserError, match=r"^x\.npy"):
            array_from_bytes(wrong, "x.npy")


@given(value=JSON)
def test_json_comes_back_and_is_written_the_same_way_every_time(value: Any) -> None:
    data = json_to_bytes(value)
    assert data.endswith(b"\n")
    back = json_from_bytes(data, "memory")
    assert back == value
    assert repr(back) == repr(json.loads(data))
    assert json_to_bytes(back) == data


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_to_the_last_bit(number: float) -> None:
    (back,) = json_from_bytes(json_to_bytes((np.float64(number),)), "memory")
    assert struct.pack("d", back) == struct.pack("d", number)


def test_numpy_scalars_become_plain_and_keys_are_sorted() -> None:
    value = {"b": np.float32(0.1), "a": np.int8(3), "c": np.bool_(True)}
    back = json_from_bytes(json_to_bytes(value), "memory")
    assert back == {"a": 3, "b": float(np.float32(0.1)), "c": True}
    assert list(back) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ({"state": {"loss": [0.0, math.nan]}}, r"^state\.loss\[1\] is nan"),
        ({"rate": math.inf}, r"^rate is inf"),
        ({"rate": np.float32(-math.inf)}, r"^rate is -inf"),
        (math.nan, r"^the value is nan"),
        ({"a": {3: 1}}, r"^a has the key 3, which is not text"),
        ({"a": {1, 2}}, r"^a is a set"),
        ({"a": np.zeros(2)}, r"^a is a ndarray"),
        ({"a": b""}, r"^a is a bytes"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_key(value: Any, line: str) -> None:
    with pytest.raises(UserError, match=line):
        json_to_bytes(value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000, b'{"a": -Infinity}']
)
def test_bad_json_names_its_source(data: bytes) -> None:
    with pytest.raises(UserError, match=r"^state\.json"):
        json_from_bytes(data, "state.json")
