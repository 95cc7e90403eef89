"""An exported network in fixed point, from raw rows to probabilities, as exported code computes it."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from hyperborn._typing import Examples
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.errors import UserError
from hyperborn.export.c import fixed_numbers
from hyperborn.export.c.fixed_numbers import (
    MOST_NARROW,
    Scale,
    Whole,
    bounded,
    format_of,
    scale_of,
    scaled,
    whole,
    whole_number,
)
from hyperborn.export.c.fixed_plan import CALIBRATED_WITH, FixedLayer, largest, logistic, narrow_format, planned_layers
from hyperborn.export.c.row import medians_by_column, standardization
from hyperborn.export.model import ExportedModel
from hyperborn.export.rows import Rows, places_of, rows_of_features

RAW_BITS = 27
"""Bits of the largest raw number of the training examples; there is room for numbers eight times as large."""
MOST_RAW = 2**30 - 1
MOST_FRACTION = 30
"""Fraction bits of a column, so that a power of two of them fits into 32 bits."""
FEWEST_STEPS = 8
"""Bits that the numbers of a column have to differ by."""
NO_VALUE = -(2**31)
"""A number that is missing."""
PREDICTION_BITS = 27


@dataclass(frozen=True, eq=False)
class FixedModel:
    """An exported network in fixed point.

    Attributes:
        model: what is exported.
        examples: features of training examples, whose numbers set the formats.
    """

    model: ExportedModel
    examples: Examples

    @cached_property
    def calibrating(self) -> Examples:
        """Some of the examples, evenly."""
        return self.examples[:: max(1, len(self.examples) // CALIBRATED_WITH)]

    @property
    def preprocessing(self) -> Preprocessing:
        return self.model.preprocessing

    # Rows.

    @cached_property
    def fraction_bits(self) -> tuple[int, ...]:
        """Fraction bits of each column of a raw row; none of the index of a category.

        Raises:
            UserError: for a column of numbers that are too large.
        """
        rows = rows_of_features(self.preprocessing, self.examples)
        centers, factors = self.centers_and_factors
        medians, values = medians_by_column(self.preprocessing), self.model.binary_features or ()
        found: list[int] = []
        for place, (column, features) in enumerate(
            zip(self.preprocessing.columns, places_of(self.preprocessing), strict=True)
        ):
            if column.categories is not None:
                found.append(0)
                continue
            # A column that is 0 in all rows has a deviation of 1.
            beside = [abs(centers[features.start]), 1 / factors[features.start], abs(medians[place]), *map(abs, values)]
            most = max(largest(rows[:, place][~np.isnan(rows[:, place])]), *map(float, beside))
            bits = format_of(most, RAW_BITS, MOST_FRACTION)
            if bits < 0:
                raise UserError(
                    f"column {column.name!r} has numbers up to {most:.3g}, and fixed point takes up to "
                    f"{2**RAW_BITS:,}; rescale it, or export float32 (--numbers float32)"
                )
            own = rows[:, place][~np.isnan(rows[:, place])]
            if len(own) and 0 < np.ptp(own) < 2.0 ** (FEWEST_STEPS - bits):
                raise UserError(
                    f"column {column.name!r} varies by {np.ptp(own):.3g} alone, which fixed point cannot tell apart; "
                    "rescale it, or export float32 (--numbers float32)"
                )
            found.append(bits)
        return tuple(found)

    @cached_property
    def raw_bits(self) -> Whole:
        """Fraction bits of each raw feature: those of its column, none of marks."""
        found = np.zeros(len(self.preprocessing.raw_features), dtype=np.int64)
        for bits, place in zip(self.fraction_bits, places_of(self.preprocessing), strict=True):
            found[place.start] = bits
        return found

    @cached_property
    def medians(self) -> Whole:
        """What a missing number is taken for, in the format of its column."""
        medians = medians_by_column(self.preprocessing)
        return whole(medians, np.asarray(self.fraction_bits))

    def whole_rows(self, rows: Rows) -> Whole:
        """Raw rows in fixed point, as code makes them of float32."""
        steps = np.ldexp(np.float32(1), np.asarray(self.fraction_bits)).astype(np.float32)
        # What is infinite then is cut off.
        with np.errstate(over="ignore"):
            wide = rows.astype(np.float32) * steps
        half = np.where(wide < 0, np.float32(-0.5), np.float32(0.5))
        missing = np.isnan(rows)
        with np.errstate(invalid="ignore"):
            cut = np.where(missing, 0, np.clip(wide, -(2.0**30), 2.0**30))
        found = np.trunc((cut + half).astype(np.float32)).astype(np.int64)
        return np.where(missing, NO_VALUE, np.clip(found, -MOST_RAW, MOST_RAW))

    def raw_features(self, rows: Whole) -> Whole:
        """Raw features of whole rows that can be predicted."""
        blocks: list[np.ndarray] = []
        for place, column in enumerate(self.preprocessing.columns):
            own = rows[:, place]
            if column.categories is None:
                absent = own == NO_VALUE
                blocks.append(np.where(absent, self.medians[place], own)[:, None])
            else:
                count = len(column.categories)
                absent = own == count + 1
                codes = np.where(absent & (not column.missing), count, own)
                blocks.append((codes[:, None] == np.arange(count + column.rare)).astype(np.int64))
            if column.missing:
                blocks.append(absent[:, None].astype(np.int64))
        return np.concatenate(blocks, axis=1)

    # Features.

    @cached_property
    def standardized_bits(self) -> int:
        """Fraction bits of standardised raw features."""
        return narrow_format(self.standardized_examples)

    @cached_property
    def standardized_examples(self) -> Examples:
        """Standardised raw features of all training examples, before principal components."""
        components = self.preprocessing.pca_components
        if components is None:
            return self.examples
        rows = rows_of_features(self.preprocessing, self.examples)
        centers, factors = self.centers_and_factors
        return (rows - centers) * factors

    @cached_property
    def centers_and_factors(self) -> tuple[Float[np.ndarray, " raw"], Float[np.ndarray, " raw"]]:
        """What is taken off raw features, and what the rest is multiplied by."""
        found = standardization(self.preprocessing)
        raw = len(self.preprocessing.raw_features)
        return (np.zeros(raw), np.ones(raw)) if found is None else found

    @cached_property
    def centers(self) -> Whole:
        """Whole numbers that are taken off raw features."""
        centers, _ = self.centers_and_factors
        return whole(centers, self.raw_bits)

    @cached_property
    def scales(self) -> tuple[Scale, ...]:
        """What raw features are multiplied by then."""
        _, factors = self.centers_and_factors
        return tuple(
            scale_of(math.ldexp(float(factor), self.standardized_bits - int(bits)), 16)
            for factor, bits in zip(factors, self.raw_bits, strict=True)
        )

    @cached_property
    def remainders(self) -> Whole:
        """What is added then: what the whole centers leave."""
        centers, factors = self.centers_and_factors
        left = (np.ldexp(self.centers.astype(np.float64), -self.raw_bits) - centers) * factors
        return whole(left, self.standardized_bits)

    def standardized(self, raw: Whole) -> Whole:
        """Standardised features, of 16 bits."""
        differences = np.clip(raw, -MOST_RAW, MOST_RAW) - self.centers
        found = [scaled(differences[:, place], scale) for place, scale in enumerate(self.scales)]
        return np.clip(np.stack(found, axis=1) + self.remainders, -MOST_NARROW, MOST_NARROW)

    @cached_property
    def components(self) -> Whole | None:
        """Principal components with 15 fraction bits."""
        components = self.preprocessing.pca_components
        return None if components is None else np.clip(whole(components, 15), -MOST_NARROW, MOST_NARROW)

    @cached_property
    def feature_bits(self) -> int:
        """Fraction bits of the inputs of the first layer."""
        return self.standardized_bits if self.components is None else narrow_format(self.examples)

    @property
    def component_shift(self) -> int:
        return 15 + self.standardized_bits - self.feature_bits

    def features(self, rows: Whole) -> Whole:
        """Inputs of the first layer: -1 and 1 where these are bits."""
        raw = self.raw_features(rows)
        if self.layers[0].plan.binary:
            low, high = self.binary_values
            if not ((raw == low) | (raw == high)).all():
                raise UserError("a feature is neither of the two numbers that it may be")
            return np.where(raw == high, 1, -1)
        found = self.standardized(raw)
        if self.components is None:
            return found
        shift = self.component_shift
        projected = (found @ self.components.T + (1 << (shift - 1))) >> shift
        return np.clip(projected, -MOST_NARROW, MOST_NARROW)

    @cached_property
    def binary_values(self) -> tuple[Whole, Whole]:
        """The two values of each raw feature, as whole numbers."""
        assert self.model.binary_features is not None
        low, high = (np.full(len(self.raw_bits), value) for value in self.model.binary_features)
        return whole(low, self.raw_bits), whole(high, self.raw_bits)

    # Networks.

    @cached_property
    def layers(self) -> tuple[FixedLayer, ...]:
        return planned_layers(self.model, self.calibrating, self.feature_bits)

    def outputs(self, features: Whole) -> Whole:
        """Outputs of all networks, (networks, examples, outputs), with the fraction bits of the last layer."""
        values = features
        for layer in self.layers:
            values = layer(values)
        return values

    @property
    def logit_scales(self) -> tuple[Scale, ...]:
        """What makes logits of 15 fraction bits of each network's outputs; of a single one over the temperature."""
        factor = 1 / self.model.calibration if self.model.n_networks == 1 else 1.0
        bits = 15 - self.layers[-1].bits_after
        return tuple(scale_of(math.ldexp(float(scale) * factor, bits)) for scale in self.model.output_scales)

    @property
    def inverse_temperature(self) -> Scale:
        return scale_of(1 / self.model.calibration)

    def probabilities(self, features: Whole) -> Whole:
        """Probabilities with 15 fraction bits, (examples, classes)."""
        outputs = self.outputs(features)
        total = np.zeros((outputs.shape[1], len(self.model.classes)), dtype=np.int64)
        for own, scale in zip(outputs, self.logit_scales, strict=True):
            total += probabilities_of(own, scale)
        count = self.model.n_networks
        if count == 1:
            return total
        averaged = (total + count // 2) // count
        return averaged if self.model.calibration == 1 else self.tempered(averaged)

    def tempered(self, probabilities: Whole) -> Whole:
        logarithms = fixed_numbers.minus_logarithm(probabilities)
        logarithms = logarithms - logarithms.min(axis=1, keepdims=True)
        powers = fixed_numbers.power_of_two(scaled(logarithms, self.inverse_temperature))
        return shares(powers)

    # Numbers.

    @cached_property
    def prediction_bits(self) -> int:
        """Fraction bits of a predicted number."""
        scaling = self.preprocessing.target_scaling
        assert scaling is not None
        return format_of(abs(scaling.mean) + 8 * scaling.deviation, PREDICTION_BITS, MOST_FRACTION)

    @cached_property
    def mean_scales(self) -> tuple[Scale, ...]:
        """What makes each network's output a mean of 24 bits, in the format of the last layer."""
        return tuple(scale_of(float(scale)) for scale in self.model.output_scales)

    def numbers(self, features: Whole) -> Whole:
        """Mean and standard deviation, (examples, 2), with `prediction_bits`."""
        model, constants = self.model, self.number_constants
        outputs = self.outputs(features)[:, :, 0]
        own = np.stack([bounded(scaled(row, scale)) for row, scale in zip(outputs, self.mean_scales, strict=True)])
        mean = own[0] if model.n_networks == 1 else scaled(own.sum(axis=0) >> constants.drop, constants.share)
        prediction = constants.center + scaled(mean, constants.step)
        if model.n_networks == 1:
            return np.stack([prediction, np.full_like(prediction, constants.deviation)], axis=1)
        square = (((own - mean) >> 8) ** 2).sum(axis=0) + constants.variances
        root, power = fixed_numbers.square_root(square)
        shift = constants.root.shift - power
        product = root * constants.root.multiplier
        deviation = np.clip((product + (1 << (shift - 1))) >> shift, 0, fixed_numbers.MOST_SCALED)
        return np.stack([prediction, deviation], axis=1)

    @cached_property
    def number_constants(self) -> "NumberConstants":
        """Constants of a regression."""
        model, scaling = self.model, self.preprocessing.target_scaling
        assert scaling is not None
        assert model.noise is not None
        count, bits, after = model.n_networks, self.layers[-1].bits_after, self.prediction_bits
        spread = model.calibration * scaling.deviation
        drop = max(0, math.ceil(math.log2(count)) - 6)
        return NumberConstants(
            share=scale_of(2.0**drop / count),
            drop=drop,
            step=scale_of(math.ldexp(scaling.deviation, after - bits)),
            center=whole_number(scaling.mean, after),
            deviation=whole_number(spread * float(model.noise[0]), after),
            variances=max(1, round(math.ldexp(float((model.noise**2).sum()), 2 * (bits - 8)))),
            root=scale_of(math.ldexp(spread / math.sqrt(count), after - bits + 8)),
        )

    # Answers.

    def answers(self, rows: Rows) -> tuple[Float[np.ndarray, "examples values"], Whole]:
        """Numbers of the predictions of raw rows as the function of floats gives them, and what it returns."""
        features = self.features(self.whole_rows(rows))
        if self.model.noise is None:
            found = self.probabilities(features)
            return np.ldexp(found.astype(np.float64), -15), found.argmax(axis=1)
        found = self.numbers(features)
        return np.ldexp(found.astype(np.float64), -self.prediction_bits), np.zeros(len(found), dtype=np.int64)


@dataclass(frozen=True)
class NumberConstants:
    """Constants that make mean and standard deviation of the outputs of a regression.

    Attributes:
        share: one over the networks, for sums over 2^drop.
        drop: bits of a sum that are left out.
        step: of the mean, to the format of the prediction.
        center: mean of the target.
        deviation: of a single network.
        variances: sum of the networks' variances.
        root: of the root of the sum of squares.
    """

    share: Scale
    drop: int
    step: Scale
    center: int
    deviation: int
    variances: int
    root: Scale


def probabilities_of(outputs: Whole, scale: Scale) -> Whole:
    """Probabilities with 15 fraction bits, of one network's outputs (examples, outputs)."""
    if outputs.shape[1] == 1:
        second = logistic(outputs[:, 0], scale)
        return np.stack([2**15 - second, second], axis=1)
    apart = outputs.max(axis=1, keepdims=True) - outputs
    return shares(fixed_numbers.exponential(scaled(apart, scale)))


def shares(values: Whole) -> Whole:
    """Each over their sum, with 15 fraction bits."""
    total = values.sum(axis=1, keepdims=True)
    return ((values << 15) + total // 2) // total
