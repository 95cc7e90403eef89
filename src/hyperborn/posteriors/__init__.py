"""Posteriors: distributions over networks."""

from hyperborn.posteriors.register import Register

__all__ = ["Register"]
