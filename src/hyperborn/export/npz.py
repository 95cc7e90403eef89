"""Trained networks as arrays in an .npz file, which NumPy alone reads: packed bits, side parameters and settings.

Arrays, of layer 1, 2, ... (float64, unless it says otherwise):

| array | shape | holds |
|---|---|---|
| `settings` | () text | all that is no array, as JSON: see `settings_of` |
| `bits1` | bytes | weights of all networks, (networks, inputs, units) row by row, eight a byte, the first highest |
| `bias1` | bytes | biases, (networks, units); absent without biases |
| `gain1`, `shift1` | (units,) | what multiplies each unit, and what is added then |
| `places1` | (positions, inputs) int32 | of a convolution: which value lies under its kernel, -1 for padding |
| `output_scales` | (networks,) | what the outputs of each network are multiplied by |
| `noise` | (networks,) | of a regression: standard deviation of the noise, of the standardised target |
| `medians` | (raw,) | for each feature what stands in for a missing value; NaN where nothing does |
| `means`, `scales` | (raw,) | by which features are standardised; 0 and 1 if they are not |
| `pca_mean`, `pca_components` | (raw,), (components, raw) | principal components; absent without |

docs/export.md has a program that reads such a file and predicts raw rows, as `hyperborn.export.rows` describes them.
"""

import json
from typing import Any

import numpy as np
from jaxtyping import Int

from hyperborn.data.columns import Column, imputed_features
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.export.layers import Convolution, Layer
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import check_columns, takes_missing, takes_others
from hyperborn.networks.convolution import padding, patches
from hyperborn.storage.arrays import arrays_to_bytes

FORMAT = 1
"""Number of the format; another one once readers would have to change."""


def npz_bytes(model: ExportedModel) -> bytes:
    """The model as an uncompressed .npz; equal models give equal bytes, and nothing is pickled.

    Raises:
        UserError: for a column that is a date.
    """
    check_columns(model.preprocessing)
    # In ASCII, with escapes: names may hold what an array of text would lose, or what UTF-8 cannot hold.
    arrays = {"settings": np.asarray(json.dumps(settings_of(model), allow_nan=False))}
    arrays |= arrays_of_preprocessing(model.preprocessing)
    for number, layer in enumerate(model.layers, start=1):
        arrays |= {f"{name}{number}": array for name, array in arrays_of_layer(layer).items()}
    arrays["output_scales"] = model.output_scales
    if model.noise is not None:
        arrays["noise"] = model.noise
    return arrays_to_bytes(arrays)


def arrays_of_layer(layer: Layer) -> dict[str, np.ndarray]:
    """Packed bits, gains and shifts, and what lies under a kernel."""
    arrays = {"bits": np.packbits(layer.bits), "gain": layer.gain, "shift": layer.shift}
    if layer.bias is not None:
        arrays["bias"] = np.packbits(layer.bias)
    if layer.convolution is not None:
        arrays["places"] = places_under_kernel(layer.convolution)
    return arrays


def places_under_kernel(place: Convolution) -> Int[np.ndarray, "positions inputs"]:
    """The place of each input of a unit among the values that come in, at each position; -1 for padding."""
    shape = (place.height, place.width, place.channels)
    # From 1 on, for the padding is 0.
    numbers = np.arange(1, np.prod(shape) + 1, dtype=np.int32).reshape(shape)
    return patches(numbers, place.kernel, place.stride, np) - 1


def arrays_of_preprocessing(preprocessing: Preprocessing) -> dict[str, np.ndarray]:
    """The statistics; those of steps that are not taken change nothing, or are left out."""
    count = len(preprocessing.raw_features)
    arrays = {"medians": np.full(count, np.nan), "means": np.zeros(count), "scales": np.ones(count)}
    if preprocessing.medians is not None:
        arrays["medians"][imputed_features(preprocessing.columns)] = preprocessing.medians
    for name in ("means", "scales", "pca_mean", "pca_components"):
        array = getattr(preprocessing, name)
        if array is not None:
            arrays[name] = array
    return arrays


def settings_of(model: ExportedModel) -> dict[str, Any]:
    """All that is no array, as JSON holds it. `target` has the scaling of a regression, and is null for classes."""
    from hyperborn import __version__

    preprocessing = model.preprocessing
    scaling = preprocessing.target_scaling
    return {
        "format": FORMAT,
        "hyperborn": __version__,
        "name": model.name,
        "columns": [settings_of_column(column, preprocessing) for column in preprocessing.columns],
        "classes": list(model.classes),
        "target": None if scaling is None else {"mean": scaling.mean, "deviation": scaling.deviation},
        "calibration": model.calibration,
        "layers": [settings_of_layer(layer) for layer in model.layers],
    }


def settings_of_column(column: Column, preprocessing: Preprocessing) -> dict[str, Any]:
    """What a raw column is, how many features it becomes, and which of them stands for an unknown or missing category.

    -1 is no feature. A value that is missing counts as an unknown category, unless it has a feature of its own.
    """
    known = len(column.categories or ())
    unknown = known if column.rare else -1
    return {
        "name": column.name,
        "categories": None if column.categories is None else list(column.categories),
        "features": len(column.features),
        "unknown": unknown,
        "absent": known + column.rare if column.missing else unknown,
        "takes_unknown": column.categories is not None and takes_others(column, preprocessing),
        "takes_missing": takes_missing(column, preprocessing),
    }


def settings_of_layer(layer: Layer) -> dict[str, Any]:
    """Shapes and settings of one layer."""
    place = layer.convolution
    return {
        "shape": list(layer.bits.shape),
        "bias": layer.bias is not None,
        "low": layer.low,
        "high": layer.high,
        "divisor": layer.divisor,
        "normalized": layer.normalized,
        "activation": layer.activation,
        "convolution": None if place is None else settings_of_convolution(place),
    }


def settings_of_convolution(place: Convolution) -> dict[str, Any]:
    """Where a kernel lies: shape of the images, its side and its steps, and zeros before and after rows and columns."""
    return {
        "image": [place.height, place.width, place.channels],
        "kernel": place.kernel,
        "stride": place.stride,
        "padding": [list(padding(side, place.kernel, place.stride)) for side in (place.height, place.width)],
        "positions": [place.rows, place.columns],
    }
