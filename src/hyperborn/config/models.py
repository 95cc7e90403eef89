"""What commands can be told, as pydantic models: a field for each option of the table in `hyperborn.config.options`."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from hyperborn.config.kinds import KINDS_OF_VALUES, Text, kind_of
from hyperborn.config.options import AUTO, COMPARE, TRAIN, Option
from hyperborn.posteriors import Posterior
from hyperborn.training.regimes import regime_for


class Configuration(BaseModel, ABC):
    """What `train` and `compare` can both be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Text = Field(description=KINDS_OF_VALUES["data set"].allowed)

    if TYPE_CHECKING:

        def __getattr__(self, key: str) -> Any:
            """The value of an option."""

    @property
    @abstractmethod
    def chosen_objectives(self) -> list[Any]:
        """Every objective that is trained with, by name or as it is."""

    @property
    @abstractmethod
    def on_backend(self) -> bool:
        """Whether circuits are run on a backend."""

    @property
    def given(self) -> Set[str]:
        """Keys of the options that were given."""
        return self.model_fields_set

    def chosen(self, keys: Iterable[str]) -> dict[str, Any]:
        """Those of the keys that were given, with their values, unless that is "auto"."""
        return {key: value for key in keys if key in self.given and (value := getattr(self, key)) != AUTO}


def with_fields(options: tuple[Option, ...]) -> type[Configuration]:
    """A configuration with a field for each option; its default is read from the same text as a flag's value."""
    fields: dict[str, Any] = {}
    for option in options:
        kind = kind_of(option)
        if option.default:
            default = Field(option.default, validate_default=True, description=kind.allowed)
            fields[option.key] = (kind.annotation, default)
        else:
            fields[option.key] = (kind.annotation | None, Field(None, description=kind.allowed))
    return create_model("Options", __base__=Configuration, **fields)


def is_on_backend(posterior: Any) -> bool:
    """Whether a posterior that is given as it is takes shots of a backend."""
    return isinstance(posterior, Posterior) and regime_for(posterior).on_backend


class RunConfig(with_fields(TRAIN)):
    """Everything `hyperborn train` can be told."""

    @property
    def chosen_objectives(self) -> list[Any]:
        return [self.objective]

    @property
    def on_backend(self) -> bool:
        return self.backend is not None or is_on_backend(self.posterior)


class CompareConfig(with_fields(COMPARE)):
    """Everything `hyperborn compare` can be told: several objectives and seeds instead of one."""

    @property
    def chosen_objectives(self) -> list[str]:
        return self.objectives

    @property
    def on_backend(self) -> bool:
        return False
