"""Likelihoods: from the outputs of a network and the labels of examples to nats."""

from hyperborn.likelihoods.categorical import Categorical
from hyperborn.likelihoods.gaussian import Gaussian
from hyperborn.likelihoods.likelihood import Likelihood, NumberLikelihood
from hyperborn.likelihoods.squared_error import SquaredError

__all__ = ["Categorical", "Gaussian", "Likelihood", "NumberLikelihood", "SquaredError"]
