"""Training from shots: every step is one job of a backend.

An objective is a functional F[q], and the gradient that an estimator makes needs only E[r] at a few points, with the
first variation r held fixed (`hyperborn.objectives`). From shots r is known where it needs no log q: energies of the
networks seen, and for the SELBO the witness of MMD², whose mean under q comes from shots itself.

One step, in the order of the files: an estimator chooses points around the parameters (`spsa`, `parameter_shift`), the
posterior's circuits are measured there in one job (`posteriors`, `measurement`), readout errors are taken out
(`readout`), the objective's first variation is averaged at each point (`one_register`, `many_registers`), and the
differences make the gradient (`steps`).
"""
