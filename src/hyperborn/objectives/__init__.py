"""Objectives and divergences.

An objective is a functional F[q] of the distribution over networks. Its gradient with respect to a circuit's angles is
the pull-back of its first variation r(w) = δF/δq(w), so an objective needs no gradient code of its own:

=================  =============================  ==========================================
objective          F[q]                           first variation r(w)
=================  =============================  ==========================================
`MLE`              E_q[energy]                    energy(w)
`ELBO`             E_q[energy] + β KL(q ‖ p)      energy(w) + β (log q(w) - log p(w) + 1)
`SELBO`            E_q[energy] + λ D(q, p)        energy(w) + λ δD/δq(w)
`Renyi`            D_α(q ‖ p exp(-energy))        that of D_α
`SteinPosterior`   λ KSD²(q, posterior)           λ times that of KSD²
=================  =============================  ==========================================

D, and the divergences of the last two rows, are among these:

==================  =========================================  ==========================================
divergence          D(q, p)                                    first variation δD/δq(w)
==================  =========================================  ==========================================
`MMD`               (q - p)ᵀ K (q - p)                         2 (K (q - p))(w)
`KL`                Σ q log(q / p)                             log q(w) - log p(w) + 1
`RenyiDivergence`   1/(α - 1) log S, S = Σ q^α p^(1-α)         α/(α - 1) q(w)^(α-1) p(w)^(1-α) / S
`Stein`             Σ_i u_iᵀ K u_i, where                      2 Σ_i (K u_i)(w^i) a_i(w^i) - (K u_i)(w) b_i(w)
                    u_i(w) = q(w^i) a_i(w) - q(w) b_i(w)
`Adversarial`       max_f E_q[f] - log E_p[e^f] - ridge        f*(w), the best classifier's logit
==================  =========================================  ==========================================

The kernel K of MMD may depend on q (``MMD(bandwidth="adaptive")``): it is the best one for q, so that the first
variation may hold it fixed.
"""
