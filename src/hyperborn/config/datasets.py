"""From a configuration to data."""

from collections.abc import Callable

from hyperborn.config.models import Configuration
from hyperborn.config.networks import LARGEST_CHOSEN, network_of, shape_of, sizes_of, tiny
from hyperborn.data import Dataset, Preprocessing, load
from hyperborn.data.targets import may_be_number
from hyperborn.errors import UserError

Note = Callable[[str], None]


def data_of(config: Configuration, note: Note) -> Dataset:
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
    return load(
        config.data,
        classes=config.classes,
        task=config.task,
        target=config.target,
        **{key: tuple(getattr(config, key) or ()) for key in ("drop", "keep", "categorical", "numeric")},
        strict=config.strict,
        encoding=config.encoding,
        header=config.header,
        validation_file=config.validation_file,
        test_file=config.test_file,
        group=config.group,
        time=config.time,
        seed=config.seed if config.split_seed is None else config.split_seed,
        validation=config.validation,
        test=config.test,
        size=config.size,
        noise=config.noise,
        standardize=config.standardize,
        components=components,
        pixels=config.pixels,
        folder=config.folder,
        labels=config.labels,
        test_labels=config.test_labels,
        impute=config.impute,
        preprocessing=preprocessing,
        class_weight=config.class_weight,
        weight_column=config.weight_column,
    )
