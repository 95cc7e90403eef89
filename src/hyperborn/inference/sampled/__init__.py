"""What shots say of an objective: its value, and its first variation at the outcomes that came up.

An objective is a functional F[q], and the gradient that an estimator makes needs only E[r] at a few points, with the
first variation r held fixed (`hyperborn.inference`). From shots r is known where it needs no log q: energies of the
networks seen, and for the SELBO the witness of MMD², whose mean under q comes from shots itself.
"""

from hyperborn.inference.sampled.making import variation_of
from hyperborn.inference.sampled.reading import Reading
from hyperborn.inference.sampled.variation import Standing, Variation

__all__ = ["Reading", "Standing", "Variation", "variation_of"]
