"""A trained model for other programs: which networks go there, and with which scores.

One network is chosen (`hyperborn.training.one_network`); several are drawn, and their predictions averaged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from hyperborn._typing import Bits
from hyperborn.costs import Cost, Energies, cost_of
from hyperborn.data.dataset import SPLITS
from hyperborn.errors import whole_number
from hyperborn.export.files import write_folder_of_text, write_one_file
from hyperborn.export.model import ExportedModel, exported_model
from hyperborn.export.rows import Rows, check_columns, rows_of_features
from hyperborn.networks.layers import check_one_of
from hyperborn.predictive import Predictions, predictions_of_networks, split_scores
from hyperborn.training.definition import LARGEST_SEED

if TYPE_CHECKING:
    from hyperborn.training.trained_model import TrainedModel

Numbers = Literal["float32", "q15"]
MOST_NETWORKS = 4096
MOST_VECTORS, MOST_CELLS = 100, 10_000
"""Test vectors, and the numbers in them, at most."""


@dataclass(frozen=True)
class Export:
    """What was exported.

    Attributes:
        path: of the folder or the file.
        files: names of the files in a folder.
        networks: how many predict together.
        size_in_bytes: of the weights, packed, and of the real numbers.
        test: scores on the test split of what was exported, in exact arithmetic.
        average: scores there of the whole posterior.
        difference: of fixed point, the largest difference of a probability (or of a number of the prediction, in the
            target's units) from exact arithmetic on the test split.
        other_classes: of fixed point, test examples that get another class.
    """

    path: str
    files: tuple[str, ...]
    networks: int
    size_in_bytes: int
    test: Mapping[str, float]
    average: Mapping[str, float]
    difference: float | None = None
    other_classes: int | None = None

    def to_record(self) -> dict[str, Any]:
        """What JSON can hold of it."""
        return {**vars(self), "files": list(self.files), "test": dict(self.test), "average": dict(self.average)}


def exported_of(model: "TrainedModel", networks: int = 1, seed: int = 0) -> ExportedModel:
    """The networks of a trained model, ready for export: the chosen one, or so many that are drawn.

    Raises:
        UserError: for a network or a column that cannot be exported, or numbers out of range.
    """
    count = whole_number("networks", networks, 1, MOST_NETWORKS)
    whole_number("seed", seed, 0, LARGEST_SEED)
    data = model.data
    check_columns(data.preprocessing)
    if count == 1:
        one = model.one_network
        bits, calibration = one.bits[None], one.calibration
    else:
        bits = model.sample(count, seed=seed)
        calibration = calibration_of(model, bits)
    known = [data.split(name).x for name in SPLITS]
    return exported_model(data.name, data.preprocessing, model.network, model.side, bits, calibration, known)


def cost_of_model(model: "TrainedModel", networks: int, energies: Energies | None, measure: bool) -> Cost:
    """What predictions cost: see `TrainedModel.cost`."""
    exported = exported_of(model, networks)
    return cost_of(exported, Energies() if energies is None else energies, test_rows(model) if measure else None)


def calibration_of(model: "TrainedModel", bits: Bits) -> float:
    """What the average of these networks is calibrated with: as validation examples ask for, or as the posterior is."""
    part = model.data.validation
    if not len(part):
        return model.calibration
    return predictions_of_networks(model.fitted, part.x, bits).fitted_calibration(part.y, part.weights)


def test_rows(model: "TrainedModel") -> Rows:
    """Raw rows of test examples, or of others where there are none, as float32 holds them."""
    data = model.data
    part = next((data.split(name) for name in reversed(SPLITS) if len(data.split(name))), data.train)
    count = min(MOST_VECTORS, max(8, MOST_CELLS // len(data.preprocessing.columns)))
    return rows_of_features(data.preprocessing, part.x[:count]).astype(np.float32).astype(np.float64)


def scores_of(model: "TrainedModel", predictions: Predictions) -> dict[str, float]:
    """Scores of predictions of the test split; empty without one."""
    return split_scores(predictions, model.data, model.data.test) if len(model.data.test) else {}


def export_c(
    model: "TrainedModel",
    folder: Path,
    *,
    numbers: str = "float32",
    networks: int = 1,
    seed: int = 0,
    force: bool = False,
) -> Export:
    """Write a C library: see `TrainedModel.export_c`."""
    from hyperborn.export.c.fixed_model import FixedModel
    from hyperborn.export.c.folder import fixed_files, float_files

    check_one_of("numbers", numbers, get_args(Numbers))
    exported, rows = exported_of(model, networks, seed), test_rows(model)
    difference, others = None, None
    if numbers == "float32":
        files = float_files(exported, rows)
    else:
        files = fixed_files(exported, rows, model.data.train.x)
        difference, others = fixed_differences(model, exported, FixedModel(exported, model.data.train.x))
    write_folder_of_text(folder, files, force=force)
    return export_record(model, exported, folder, tuple(files), difference, others)


def fixed_differences(model: "TrainedModel", exported: ExportedModel, fixed: Any) -> tuple[float | None, int | None]:
    """The largest difference between numbers in fixed point and real ones on the test split, and other classes."""
    test = model.data.test
    if not len(test):
        return None, None
    rows = rows_of_features(model.data.preprocessing, test.x)
    found, answers = fixed.answers(rows)
    exact = exported.values_of_rows(rows)
    others = None if exported.noise is not None else int((answers != exact.argmax(axis=1)).sum())
    return float(np.abs(found - exact).max()), others


def export_onnx(model: "TrainedModel", path: Path, *, networks: int = 1, seed: int = 0, force: bool = False) -> Export:
    """Write an ONNX model: see `TrainedModel.export_onnx`."""
    from hyperborn.export.onnx_graph import onnx_bytes

    exported = exported_of(model, networks, seed)
    write_one_file(path, onnx_bytes(exported), force=force)
    return export_record(model, exported, path)


def export_npz(model: "TrainedModel", path: Path, *, networks: int = 1, seed: int = 0, force: bool = False) -> Export:
    """Write NumPy arrays: see `TrainedModel.export_npz`."""
    from hyperborn.export.npz import npz_bytes

    exported = exported_of(model, networks, seed)
    write_one_file(path, npz_bytes(exported), force=force)
    return export_record(model, exported, path)


def export_record(
    model: "TrainedModel",
    exported: ExportedModel,
    path: Path,
    files: tuple[str, ...] = (),
    difference: float | None = None,
    others: int | None = None,
) -> Export:
    """What is said of an export."""
    size = -(-exported.n_networks * model.network.n_weights // 8) + 4 * model.network.n_side
    return Export(
        path=str(path),
        files=files,
        networks=exported.n_networks,
        size_in_bytes=size,
        test=scores_of(model, exported.predictions(model.data.test.x)) if len(model.data.test) else {},
        average=model.metrics("test"),
        difference=difference,
        other_classes=others,
    )
