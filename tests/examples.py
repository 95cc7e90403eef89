"""How many examples hypothesis draws where each is compiled, because arrays have its size."""

from hypothesis import settings

few = settings(max_examples=max(4, settings.default.max_examples // 4))
