"""Training from shots: every step is one job of a backend.

An objective is a functional F[q]. An estimator's gradient needs only E[r] at a few points, with the first variation r
held fixed (`hyperborn.objectives`). Shots give r if it does not contain log q: the energies of the observed networks,
and for the SELBO the witness of MMD², whose mean under q is itself estimated from shots.

The parts of one step: an estimator chooses points around the parameters (`spsa`, `parameter_shift`). One job measures
the posterior's circuits at these points (`posteriors`, `measurement`). Readout errors are corrected (`readout`). The
objective's first variation is averaged at each point (`one_register`, `many_registers`). The differences between points
give the gradient (`steps`).
"""
