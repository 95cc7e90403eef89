"""Exact simulation of a circuit, with gradients whose memory does not grow with the depth.

The backward pass stores no intermediate states: it undoes each segment on the state and on its cotangent, and their
product at that point is the gradient (adjoint differentiation; Jones and Gacon, arXiv 2009.02823).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from hyperborn._typing import Parameters, Probabilities, StateVector
from hyperborn.arguments import check_parameters
from hyperborn.circuits.circuit import Circuit
from hyperborn.errors import UserError
from hyperborn.simulators.arithmetic import Angles, Backwards, ComplexVector
from hyperborn.simulators.mixing import apply_mixing, initial_gradient, initial_statevector, undo_mixing
from hyperborn.simulators.phases import apply_phases, undo_phases
from hyperborn.simulators.schedule import Phases, Program, Segment, schedule

LARGEST_STATE = 26
"""Most qubits: a state takes 0.5 GiB in single precision, and its simulation about three times that."""


def amplitudes(circuit: Circuit, params: Parameters) -> StateVector:
    """Final state as two rows, real and imaginary parts, in index order; of the dtype of the angles (radians).

    Raises:
        UserError: if the circuit has too many qubits, or the angles are not of its `parameter_shape` in single or
            double precision.
    """
    return jnp.stack(final_state(schedule(circuit, amplitudes=True), flat(circuit, params)))


def probabilities(circuit: Circuit, params: Parameters) -> Probabilities:
    """Born probabilities of all 2^n outcomes, in index order; they add up to 1 within rounding.

    Shape (2^n,), of the dtype of the angles (radians).

    Raises:
        UserError: if the circuit has too many qubits, or the angles are not of its `parameter_shape` in single or
            double precision.
    """
    state = final_state(schedule(circuit, amplitudes=False), flat(circuit, params))
    return state.real**2 + state.imaginary**2


def flat(circuit: Circuit, params: Parameters) -> Angles:
    if circuit.n_qubits > LARGEST_STATE:
        # JAX would make the array without an error, and abort the process when the array is used.
        raise UserError(
            f"{circuit.n_qubits} qubits have 2^{circuit.n_qubits} amplitudes, over the limit of {LARGEST_STATE} "
            "qubits; give a smaller circuit, or hb.Registers of many small ones"
        )
    check_parameters(params, circuit.parameter_shape, circuit)
    return params.reshape(-1)


def run_program(program: Program, angles: Angles) -> ComplexVector:
    """The state after a whole program, from |0...0>."""
    state = initial_statevector(program.head, angles)
    if program.repeats:

        def one_period(state: ComplexVector, window: Angles) -> tuple[ComplexVector, None]:
            return apply_segments(program.body, window, state), None

        state, _ = jax.lax.scan(one_period, state, angles[windows(program)])
    return apply_segments(program.tail, angles, state)


def final_state_forward(program: Program, angles: Angles) -> tuple[ComplexVector, tuple[Angles, ComplexVector]]:
    state = run_program(program, angles)
    return state, (angles, state)


def final_state_backward(
    program: Program, kept: tuple[Angles, ComplexVector], cotangent: ComplexVector
) -> tuple[Angles]:
    angles, state = kept
    state, cotangent, gradient = undo_segments(program.tail, angles, state, cotangent)
    if program.repeats:

        def one_period(
            carry: tuple[ComplexVector, ComplexVector], window: Angles
        ) -> tuple[tuple[ComplexVector, ComplexVector], Angles]:
            state, cotangent, part = undo_segments(program.body, window, *carry)
            return (state, cotangent), part

        places = windows(program)
        (state, cotangent), parts = jax.lax.scan(one_period, (state, cotangent), angles[places], reverse=True)
        gradient = gradient.at[places].add(parts)
    return (gradient + initial_gradient(program.head, angles, cotangent),)


final_state = jax.custom_vjp(run_program, nondiff_argnums=(0,))
final_state.defvjp(final_state_forward, final_state_backward)


def apply_segments(segments: tuple[Segment, ...], angles: Angles, state: ComplexVector) -> ComplexVector:
    """The state after some segments."""
    for segment in segments:
        if isinstance(segment, Phases):
            state = apply_phases(segment, angles, state)
        else:
            state = apply_mixing(segment, angles, state)
    return state


def undo_segments(
    segments: tuple[Segment, ...], angles: Angles, state: ComplexVector, cotangent: ComplexVector
) -> Backwards:
    """State and cotangent before some segments, and the gradient of the angles, from state and cotangent after them."""
    gradient = jnp.zeros_like(angles)
    for segment in reversed(segments):
        if isinstance(segment, Phases):
            state, cotangent, part = undo_phases(segment, angles, state, cotangent)
        else:
            state, cotangent, part = undo_mixing(segment, angles, state, cotangent)
        gradient = gradient + part
    return state, cotangent, gradient


def windows(program: Program) -> Int[np.ndarray, "repeats width"]:
    """Parameter indices of each repetition of the body."""
    used = [parameter for segment in program.body for parameter in segment.parameters]
    width = max(used, default=-1) + 1
    return program.body_start + program.stride * np.arange(program.repeats)[:, None] + np.arange(width)
