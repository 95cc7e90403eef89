"""From a configuration to data."""

from collections.abc import Callable

from hyperborn.config.models import Configuration
from hyperborn.config.networks import LARGEST_CHOSEN, network_of, shape_of, sizes_of, tiny
from hyperborn.config.options import DATA, OPTIONS
from hyperborn.data import Dataset, Preprocessing, load
from hyperborn.data.targets import may_be_number
from hyperborn.errors import UserError

Note = Callable[[str], None]


def data_of(config: Configuration, note: Note) -> Dataset:
    """The data set, of which what is worth saying is noted.

    Args:
        config: the configuration.
        note: is told of a reduction, of what reading did, and of what the target was taken for.

    Raises:
        UserError: as `reduced_data`.
    """
    data = reduced_data(config, note)
    for line in (*data.notes, note_of_task(config, data)):
        if line:
            note(line)
    return data


def reduced_data(config: Configuration, note: Note) -> Dataset:
    """The data set; reduced by PCA with "auto" components, if one register is asked for that a linear network outgrows.

    Args:
        config: the configuration.
        note: is told of a reduction.

    Raises:
        UserError: if the data cannot be loaded, or no network of a comfortable size fits its classes.
    """
    components = None if isinstance(config.components, str) else config.components
    data = loaded(config, components)
    is_given = config.hidden != "auto" or config.network is not None
    if config.components != "auto" or is_given or shape_of(config, data).registers:
        return data
    if network_of(config, data).n_weights <= LARGEST_CHOSEN:
        return data
    fewer = range(data.n_features - 1, 0, -1)
    kept = next((k for k in fewer if tiny(config, sizes_of(data, k), ()).n_weights <= LARGEST_CHOSEN), 0)
    if not kept:
        raise UserError(
            f"{f'{data.n_classes} classes' if data.n_classes else 'output scales and noise'} need over "
            f"{LARGEST_CHOSEN} weights even with one feature; choose fewer with --classes, "
            "give --posterior registers, or say how large the network may be with --hidden and --components"
        )
    note(
        f"{data.n_features} features are too many for one register of {LARGEST_CHOSEN} qubits: "
        f"reduced to {kept} by PCA (--components)"
    )
    return loaded(config, kept)


def note_of_task(config: Configuration, data: Dataset) -> str | None:
    """What task "auto" has taken the target of a user's table for, where the other one may be meant; None if not."""
    encoding = data.preprocessing
    if config.task != "auto":
        return None
    if scaling := encoding.target_scaling:
        return (
            f"regression: the target {encoding.target!r} is a number, {scaling.mean:.4g} on average, standard "
            f"deviation {scaling.deviation:.4g} (--task classification for classes)"
        )
    if config.classes is None and may_be_number(encoding.classes):
        return (
            f"classification: {len(encoding.classes)} classes of the numeric target {encoding.target!r} (--task "
            "regression if it is a number)"
        )
    return None


def loaded(config: Configuration, components: int | None, preprocessing: Preprocessing | None = None) -> Dataset:
    """The data set of a configuration: its options about data are arguments of `load` by the same name."""
    options = {key: getattr(config, key) for key, option in OPTIONS.items() if option.panel == DATA}
    options |= {key: tuple(options[key] or ()) for key, option in OPTIONS.items() if option.kind == "columns"}
    # The default does not go with a file of its own.
    options["validation"] = config.validation if "validation" in config.given else None
    options["components"] = components
    seed = config.seed if config.split_seed is None else config.split_seed
    return load(config.data, **options, seed=seed, preprocessing=preprocessing)
