"""Model selection: what is trained is what predicts examples best that it has not learnt from.

`candidates` lists what may be trained, `budget` says how much of it is tried, `cross_fitting` predicts held-out
examples, and `choosing` puts them together.
"""

from hyperborn.selection.choosing import Selection, choose

__all__ = ["Selection", "choose"]
