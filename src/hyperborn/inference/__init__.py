"""Priors, divergences, objectives and estimators.

An objective is a functional F[q] of the distribution over networks. Its gradient with respect to a circuit's angles is
the pull-back of its first variation r(w) = δF/δq(w), so an objective needs no gradient code of its own:

=================  =============================  ===================================
The kernel K may itself follow q (``MMD(bandwidth="adaptive")``): it is the best one for q, and so may be held fixed.
"""
