"""Exact simulation of a circuit, with gradients whose memory does not grow with the depth.

The backward pass stores no intermediate states: it undoes each step on the state and on its cotangent, and their
product at that point is the gradient (adjoint differentiation; Jones and Gacon, arXiv 2009.02823).
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from hyperborn._typing import Parameters, Probabilities, StateVector
from hyperborn.arguments import check_parameters
from hyperborn.circuits.circuit import Circuit
from hyperborn.errors import UserError
from hyperborn.simulators.arithmetic import Angles, ComplexVector
from hyperborn.simulators.mixing import apply_mixing, initial_gradient, initial_statevector, undo_mixing
from hyperborn.simulators.permutations import Permutation, permuted
from hyperborn.simulators.phases import apply_phases, multiplied, undo_phases
from hyperborn.simulators.schedule import Program, Step, schedule

LARGEST_STATE = 26
"""Most qubits: a state takes 0.5 GiB in single precision, and its simulation about three times that."""


class LayerAngles(NamedTuple):
    """Angles (radians) of RY and RZ on every qubit and of RZZ on every pair, layer by layer."""

    rotations: Float[Array, "layers qubits"]
    phases: Float[Array, "layers qubits"]
    couplings: Float[Array, "layers _ _"]


class StepAngles(NamedTuple):
    """What a step is given: the phases of the layer before it, and its own permutation and rotations."""

    rotations: Float[Array, "... qubits"]
    phases: Float[Array, "... qubits"]
    couplings: Float[Array, "... _ _"]
    permutation: Permutation


def amplitudes(circuit: Circuit, params: Parameters) -> StateVector:
    """Final state as two rows, real and imaginary parts, in index order; of the dtype of the parameters (radians).

    Raises:
        UserError: if the circuit has too many qubits, or the parameters are not of its `parameter_shape` in single or
            double precision.
    """
    angles = flat(circuit, params)
    program = schedule(circuit)
    given = angles_of(program, angles)
    state = final_state(program, given)
    if program.last.phases:
        couplings = given.couplings[-1] if program.last.couplings else None
        state = apply_phases(given.phases[-1], couplings, state)
    (phase,) = program.global_phase.at(angles)
    return jnp.stack(multiplied(state, ComplexVector(jnp.cos(phase), jnp.sin(phase))))


def probabilities(circuit: Circuit, params: Parameters) -> Probabilities:
    """Born probabilities of all 2^n outcomes, in index order; they add up to 1 within rounding.

    Shape (2^n,), of the dtype of the parameters (radians). Constants of angles are reduced in double precision and may
    be large; parameters are not, and in single precision an angle of 1,000 radians is exact to 3e-5 only.

    Raises:
        UserError: if the circuit has too many qubits, or the parameters are not of its `parameter_shape` in single or
            double precision.
    """
    angles = flat(circuit, params)
    program = schedule(circuit)
    state = final_state(program, angles_of(program, angles))
    return state.real**2 + state.imaginary**2


def flat(circuit: Circuit, params: Parameters) -> Angles:
    """The parameters as a vector.

    Raises:
        UserError: as `probabilities` does.
    """
    if circuit.n_qubits > LARGEST_STATE:
        # JAX would make the array without an error, and abort the process when the array is used.
        raise UserError(
            f"{circuit.n_qubits} qubits have 2^{circuit.n_qubits} amplitudes, over the limit of {LARGEST_STATE} "
            "qubits; give a smaller circuit, or hb.Registers of many small ones"
        )
    check_parameters(params, circuit.parameter_shape, circuit)
    return params.reshape(-1)


def angles_of(program: Program, params: Angles) -> LayerAngles:
    """The angles of all layers at flat parameters (radians)."""
    return LayerAngles(program.rotations.at(params), program.phases.at(params), program.couplings.at(params))


def run_program(program: Program, angles: LayerAngles) -> ComplexVector:
    """The state after a whole program, but for the phases of the last layer."""
    state = initial_statevector(program.head, angles.rotations[0], program.start)
    looped, rest = steps_of(program, angles)
    if program.repeats:

        def one_period(state: ComplexVector, given: StepAngles) -> tuple[ComplexVector, None]:
            return apply_steps(program.body, given, state), None

        state, _ = jax.lax.scan(one_period, state, looped)
    return apply_steps(program.tail, rest, state)


def steps_of(program: Program, angles: LayerAngles) -> tuple[StepAngles, StepAngles]:
    """What the steps of the loop are given, (repeats, period, ...), and those after it."""
    period = len(program.body)
    count = period * program.repeats
    every = StepAngles(
        angles.rotations[1:],
        angles.phases[:-1],
        angles.couplings[:-1],
        Permutation(*map(jnp.asarray, program.permutations)),
    )
    looped = jax.tree.map(lambda own: own[:count].reshape(program.repeats, period, *own.shape[1:]), every)
    return looped, jax.tree.map(lambda own: own[count:], every)


def final_state_forward(
    program: Program, angles: LayerAngles
) -> tuple[ComplexVector, tuple[LayerAngles, ComplexVector]]:
    state = run_program(program, angles)
    return state, (angles, state)


def final_state_backward(
    program: Program, kept: tuple[LayerAngles, ComplexVector], cotangent: ComplexVector
) -> tuple[LayerAngles]:
    angles, state = kept
    looped, rest = steps_of(program, angles)
    state, cotangent, after = undo_steps(program.tail, rest, state, cotangent)
    gradients = [after]
    if program.repeats:

        def one_period(
            carry: tuple[ComplexVector, ComplexVector], given: StepAngles
        ) -> tuple[tuple[ComplexVector, ComplexVector], LayerAngles]:
            state, cotangent, part = undo_steps(program.body, given, *carry)
            return (state, cotangent), part

        (state, cotangent), parts = jax.lax.scan(one_period, (state, cotangent), looped, reverse=True)
        gradients.insert(0, jax.tree.map(lambda own: own.reshape(own.shape[0] * own.shape[1], *own.shape[2:]), parts))
    first = initial_gradient(program.head, angles.rotations[0], program.start, cotangent)
    rotations, phases, couplings = (jnp.concatenate(parts) for parts in zip(*gradients, strict=True))
    # The phases of the last layer are applied elsewhere.
    return (
        LayerAngles(
            jnp.concatenate([first[None], rotations]),
            jnp.concatenate([phases, jnp.zeros_like(angles.phases[-1:])]),
            jnp.concatenate([couplings, jnp.zeros_like(angles.couplings[-1:])]),
        ),
    )


final_state = jax.custom_vjp(run_program, nondiff_argnums=(0,))
final_state.defvjp(final_state_forward, final_state_backward)


def apply_steps(steps: Sequence[Step], given: StepAngles, state: ComplexVector) -> ComplexVector:
    """The state after some steps, each given a row."""
    for place, step in enumerate(steps):
        own = jax.tree.map(lambda rows, place=place: rows[place], given)
        if step.phases:
            state = apply_phases(own.phases, own.couplings if step.couplings else None, state)
        if step.permutes:
            (state,) = permuted(own.permutation.from_leading, own.permutation.from_trailing, state)
        if step.groups:
            state = apply_mixing(step.groups, own.rotations, state)
    return state


def undo_steps(
    steps: Sequence[Step], given: StepAngles, state: ComplexVector, cotangent: ComplexVector
) -> tuple[ComplexVector, ComplexVector, LayerAngles]:
    """State and cotangent before some steps, and the gradient of their angles, from state and cotangent after them."""
    rows: list[LayerAngles] = []
    for place, step in reversed(list(enumerate(steps))):
        own = jax.tree.map(lambda rows, place=place: rows[place], given)
        rotations, phases, couplings = map(jnp.zeros_like, (own.rotations, own.phases, own.couplings))
        if step.groups:
            state, cotangent, rotations = undo_mixing(step.groups, own.rotations, state, cotangent)
        if step.permutes:
            state, cotangent = permuted(own.permutation.to_leading, own.permutation.to_trailing, state, cotangent)
        if step.phases:
            pairs = own.couplings if step.couplings else None
            state, cotangent, phases, of_pairs = undo_phases(own.phases, pairs, state, cotangent)
            couplings = couplings if of_pairs is None else of_pairs
        rows.insert(0, LayerAngles(rotations, phases, couplings))
    if not rows:
        return state, cotangent, LayerAngles(*(getattr(given, name)[:0] for name in LayerAngles._fields))
    return state, cotangent, LayerAngles(*(jnp.stack(parts) for parts in zip(*rows, strict=True)))
