"""Arguments of wrong types, given to the package as users load it: without the type checks of the tests."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

SCRIPT = """
    import json, sys
    from dataclasses import dataclass
    from types import SimpleNamespace

    from dataclasses import replace

    import hyperborn as hb
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax
    from hyperborn import predictive
    from hyperborn.posteriors import enumeration
    from hyperborn.objectives import kernels
    from hyperborn.study.plan import Plan
    from hyperborn.training.defaults import definition_with_defaults
    from hyperborn.training.optimizers import Optimizer

    class Lion(Optimizer):
        name = "lion"

        def transformation(self, steps):
            return optax.lion(0.01)

    @dataclass(frozen=True)
    class Plain(Optimizer):
        name, follows_changing_loss = "plain", True

        def transformation(self, steps):
            return 0.01

    @dataclass
    class Thawed(hb.circuits.Circuit):
        n_qubits: int = 13
        parameter_shape = (13,)
        gates = product_angles = lambda self, *_: ()

    class Bare(hb.circuits.Circuit):
        parameter_shape = (13,)
        gates = product_angles = lambda self, *_: ()

    signs = np.array([[1, -1, 1], [1, 1, -1]])
    twos, floats = np.full((2, 13), 2, np.uint8), np.ones((2, 13))
    two = hb.Register(hb.circuits.AllPairs(2, 1))
    posteriors = (two, hb.Registers(2, 2, depth=1), hb.Autoregressive(2, 1), hb.MultiBasis(hb.circuits.AllPairs(1, 1)))
    on_backend = hb.ShotRegister(two.circuit, hb.backends.Statevector())
    zeros, key = np.zeros((1, 2), np.uint8), jax.random.key(0)
    exact = hb.ExactPosterior(np.arange(4.0))
    half = np.full((2, 2), 0.5)

    def split(x, y):
        return SimpleNamespace(x=x, y=y)

    def of(place, change):
        return change(jnp.zeros(posteriors[place].parameter_shape))

    data = hb.data.load("iris", classes=(1, 2))
    net = hb.networks.BinaryMLP(n_features=4, hidden=(2,))
    Brickwork, MLP, Split, load = hb.circuits.Brickwork, hb.networks.BinaryMLP, hb.data.Split, hb.data.load
    backends, Ledger = hb.backends, hb.backends.Ledger

    def untrained(posterior, estimator):
        definition = definition_with_defaults(net, len(data.train), posterior=posterior, estimator=estimator)
        return hb.Result(definition, data, np.zeros(definition.parameter_shape), (0.0,), 0, {}, {})

    class OfBytes:
        def __fspath__(self):
            return b"a-file"

    result = untrained(hb.Register(hb.circuits.AllPairs(13, 1)), hb.Exact())
    measured = replace(result, outcomes=backends.Outcomes(twos // 2, np.array([0.5, 0.5]), 2))
    on_registers = untrained(hb.Registers(13, 5, depth=1), hb.FirstOrder())
    for call in json.load(sys.stdin):
        try:
            said = ["nothing", repr(eval(call))]
        except Exception as error:
            said = [type(error).__name__, str(error)]
        print(json.dumps([call, *said]))
"""

NUMBER = "give a positive number"
PROBABILITIES = "give numbers strictly between 0 and 1"
VALUES = "must be two distinct numbers from -1,000,000 to 1,000,000, such as (-1, 1)"
SPLIT = "must hold features x and labels y; give one split, such as data.train"
OF_POSTERIORS = {
    "init(np.array([0.5, np.nan]), key=key)": ("marginals = array([0.5, nan])", "one probability from 0 to 1"),
    "init(np.array([0.5, 2.0]), key=key)": ("marginals = array([0.5, 2. ])", "one probability from 0 to 1"),
    "init(spread=-1.0, key=key)": ("spread = -1.0", "give a number from 0 on"),
    "log_prob(np.zeros(1), signs[:, :2])": ("bits = int64 of shape (2, 2)", "zeros and ones"),
    "log_prob(np.zeros(1), 2 * zeros + 2)": ("bits = uint8 of shape (1, 2)", "zeros and ones"),
    "sample(jnp.zeros(99), 5, key=key)": ("parameters of shape (99,) do not fit", "it takes an array of shape"),
    "probabilities(jnp.zeros(99))": ("of shape (99,) do not fit", "it takes an array of shape"),
    "distribution([0.0])": ("parameters = [0.0] do not fit", "it takes an array of shape"),
}
OF_PARAMETERS = {
    "posteriors[PLACE].sample(of(PLACE, lambda zero: zero * jnp.nan), 5, key=key)": ("parameter 0 of", "is NaN"),
    "posteriors[PLACE].log_prob(of(PLACE, lambda zero: zero + jnp.inf), zeros)": ("parameter 0 of", "or infinite"),
    "posteriors[PLACE].distribution(of(PLACE, lambda zero: zero * jnp.nan))": ("parameter 0 of", "is NaN"),
    "posteriors[PLACE].distribution(of(PLACE, lambda zero: zero.astype(int)))": ("of type int32", "float32 or float64"),
    "posteriors[PLACE].probabilities(of(PLACE, lambda zero: zero.astype(jnp.float16)))": ("of type float16", "float32"),
}
WRONG = {
    "hb.ELBO('x')": ("beta = 'x'", NUMBER),
    "hb.ELBO(None)": ("beta = None", NUMBER),
    "hb.ELBO([1.0])": ("beta = [1.0]", NUMBER),
    "hb.ELBO(True)": ("beta = True", NUMBER),
    "hb.ELBO(10**400)": ("beta = 1000", NUMBER),
    "hb.SELBO(weight=None)": ("weight = None", NUMBER, "'kl-matched'"),
    "hb.SELBO(weight=np.ones(2))": ("weight = array", NUMBER, "'kl-matched'"),
    "hb.MMD(kernel=3)": ("kernel = 3", "such as Hamming((0.5,))"),
    "hb.Renyi('x')": ("alpha = 'x'", NUMBER, "other than 1"),
    "hb.RenyiDivergence(True)": ("alpha = True", NUMBER),
    "hb.Stein(kernel=3)": ("kernel = 3", "such as Hamming((0.5,))"),
    "hb.Stein(operator=3)": ("operator = 3", "give 'barker' or 'difference'"),
    "hb.Stein(operator=[])": ("operator = []", "give 'barker' or 'difference'"),
    "hb.SteinPosterior(temperature='x')": ("temperature = 'x'", NUMBER),
    "hb.SteinPosterior(weight=None)": ("weight = None", NUMBER, "'kl-matched'"),
    "hb.Adversarial(order='2')": ("order='2'", "a whole number of at least 1"),
    "hb.Adversarial(ridge='x')": ("ridge = 'x'", NUMBER),
    "hb.MMD(bandwidth='wide')": ("bandwidth = 'wide'", "give operator-weight, median or adaptive"),
    "hb.MMD(bandwidth=3)": ("bandwidth = 3", "give operator-weight, median or adaptive"),
    "hb.mmd_squared([[0]], [[1]])": ("bits = list", "give rows of bits"),
    "hb.mmd_squared(np.ones((3, 2)), np.ones((3, 2)))": ("bits = float64 of shape (3, 2)", "give rows of bits"),
    "hb.mmd_squared_from_product(np.ones((3, 2), np.uint8), 0.5)": ("marginals = 0.5", "one probability"),
    "hb.mmd_squared_from_product(np.ones((3, 2), np.uint8), np.zeros(0))": ("marginals = array([]", "one probability"),
    "hb.mmd_squared_from_product(np.ones((3, 2), np.uint8), np.ones(3))": (
        "3 marginals for 2 weights",
        "give one",
    ),
    "hb.mmd_witness(np.ones((3, 2), np.uint8), np.ones((3, 4), np.uint8), None)": (
        "bits are rows of 4 bits for 2 weights",
        "give one bit a weight",
    ),
    "hb.SELBO(divergence=3)": ("divergence = 3", "such as hb.MMD()"),
    "hb.Hamming(0.5)": ("kappas = 0.5", "such as (0.5,)"),
    "hb.Hamming(('a',))": ("kappas = ('a',)", PROBABILITIES.removeprefix("give ")),
    "hb.Hamming((0.5,), 1.0)": ("weights = 1.0", "a tuple of one number"),
    "hb.Hamming((0.5,), ('a',))": ("weights = ('a',)", "a tuple of one number"),
    "hb.Hamming(None)": ("kappas = None", "a tuple of numbers"),
    "hb.Bernoulli([0.5, []])": ("probability []", PROBABILITIES),
    "hb.Bernoulli('x')": ("probability 'x'", PROBABILITIES),
    "hb.Bernoulli(None)": ("probability None", PROBABILITIES),
    "hb.Bernoulli({'W1': 'x'})": ("probability 'x'", PROBABILITIES),
    "hb.Bernoulli(np.eye(2))": ("probability [1.0, 0.0]", PROBABILITIES),
    "hb.Ising(np.eye(2))": ("couplings of type ndarray", "to Ising.of_matrix"),
    "hb.Ising.of_matrix('x')": ("couplings must be a matrix of numbers", "one row a weight"),
    "hb.Ising((), fields='x')": ("prior field 'x'", "give numbers from -1,000,000 to 1,000,000"),
    "hb.Empirical('01', 0.1)": ("samples = '01'", "such as ('0110', '0111')"),
    "hb.Empirical(('01',), 'x')": ("flip = 'x'", "a probability from 1e-06 on and below 1/2"),
    "hb.Empirical.of_bits([[0.5]], 0.1)": ("samples of shape (1, 1)", "rows of bits, each 0 or 1"),
    "hb.PreviousPosterior(3, ())": ("posterior = 3", "give a posterior"),
    "load('iris', preprocessing=data)": ("preprocessing=Dataset('iris'", "result.data.preprocessing"),
    "MLP(n_features='4')": ("n_features='4'", "a whole number of at least 1"),
    "MLP(n_features=np.ones(2))": ("n_features=array", "a whole number of at least 1"),
    "MLP(4, hidden=2)": ("hidden=2", "such as (3,)"),
    "MLP(4, values=(1, 1))": ("values=(1, 1)", VALUES),
    "MLP(4, values=(1, 'x'))": ("values=(1, 'x')", VALUES),
    "MLP(4, values='12')": ("values='12'", VALUES),
    "MLP(4, values=(True, False))": ("values=(True, False)", VALUES),
    "MLP(4, values=(-1e300, 1e300))": ("values=(-1e+300, 1e+300)", VALUES),
    "MLP(4, values=(0, 10**400))": ("values=(0, 1000", VALUES),
    "load(3)": ("name=3", "the name of a data set or the path of a table"),
    "load('iris', classes=1)": ("classes=1", "such as (0, 1)"),
    "load('iris', target=3)": ("target=3", "the name of a column"),
    "load('iris', standardize='no')": ("standardize='no'", "True or False"),
    "load('iris', components='2')": ("components='2'", "a whole number from 1 to 4"),
    "load('moons', size='x')": ("size='x'", "a whole number from 2 to 10,000,000"),
    "load('moons', noise='x')": ("noise='x'", "a number from 0 to 1,000,000"),
    "load('moons', test='x')": ("test='x'", "a fraction of at least 0 and below 1"),
    "load('moons', seed=1.5)": ("seed=1.5", "a whole number of at least 0"),
    "load('t.csv', drop='id')": ("drop='id'", "a sequence of names"),
    "load('t.csv', drop=(1,))": ("drop=(1,)", "a sequence of names"),
    "hb.data.from_arrays(data.train.x, data.train.y, features='abcd')": ("features='abcd'", "a sequence of names"),
    "hb.data.from_arrays(data.train.x, data.train.y, features=4)": ("features=4", "a sequence of names"),
    "hb.data.from_arrays(data.train.x * 1j, data.train.y)": ("matrix of numbers", "complex128"),
    "hb.data.from_arrays([[1], [2, 3]], [0, 1])": ("x must be", "matrix of numbers"),
    "hb.data.from_arrays(data.train.x, [[1], [2, 3]])": ("y must be", "one label for each row"),
    "hb.data.from_arrays([[10**400]] * 2, [0, 1])": ("x must be", "matrix of numbers"),
    "hb.data.Table([('a', [1])])": ("columns=[('a', [1])]", "must map names to values"),
    "hb.data.Table({'a': [[1], [1, 2]]})": ("column 'a' of table", "values of different shapes"),
    "hb.data.read_table(5)": ("path=5", "the path of a table"),
    "hb.data.read_table(OfBytes())": ("path=", "the path of a table"),
    "hb.data.read_table('a' + chr(0))": ("path='a", "the path of a table"),
    "load(b'iris')": ("name=b'iris'", "the name of a data set or the path of a table"),
    "load(OfBytes())": ("name=", "the path of a table"),
    "load('mnist', folder=OfBytes())": ("folder=", "the path of a folder"),
    "hb.load(3)": ("path=3", "the path of a run folder"),
    "hb.load(None)": ("path=None", "the path of a run folder"),
    "hb.load('a' + chr(0))": ("path='a", "the path of a run folder"),
    "result.save(3)": ("path=3", "the path of a run folder"),
    "result.save(None, force=True)": ("path=None", "the path of a run folder"),
    "result.save('a', force='no')": ("force = 'no'", "give True or False"),
    "result.predict_proba(np.ma.masked_less(np.ones((2, 4)), 2))": ("some of its values are masked", "give numbers"),
    "result.predict_proba(np.full((2, 4), 1e308))": ("x[0, 0] = 1e+308", "up to 1e+100"),
    "hb.fit(net, data, ledger=3)": ("ledger=3", "the path of a file for the jobs"),
    "hb.fit(net, data, ledger=Ledger.in_memory())": ("ledger=<", "the path of a file for the jobs"),
    "hb.fit(net, data, limits=3)": ("limits = 3", "such as hb.backends.Limits(max_shots=10_000)"),
    "result.on(backends.Statevector(), ledger=3)": ("ledger=3", "the path of a file for jobs, or an open Ledger"),
    "result.on(backends.Statevector(), ledger=[])": ("ledger=[]", "the path of a file for jobs, or an open Ledger"),
    "result.on('statevector')": ("backend = 'statevector'", "such as hb.backends.Statevector()"),
    "Ledger.create_or_open(3)": ("path=3", "the path of a ledger"),
    "Ledger.read(3)": ("path=3", "the path of a ledger"),
    "backends.LedgerSampler(backends.Statevector().connect(), 'x', 'jobs.sqlite')": (
        "ledger = 'jobs.sqlite'",
        "Ledger.create_or_open",
    ),
    "Plan.read(3)": ("source=3", "the path of a plan"),
    "backends.backend_named(3)": ("name=3", "the name of a backend: statevector, aer"),
    "backends.backend_named(None)": ("name=None", "the name of a backend: statevector, aer"),
    "backends.FakeDevice(3)": ("name=3", "such as 'fake_sherbrooke'"),
    "backends.IBMDevice([])": ("name=[]", "such as 'ibm_brisbane'"),
    "backends.PennyLaneDevice(None)": ("name=None", "such as 'default.qubit'"),
    "measured.most_probable('a')": ("k='a'", "a whole number from 1 to 2, the number of observed networks"),
    "measured.most_probable(1.5)": ("k=1.5", "a whole number from 1 to 2, the number of observed networks"),
    "measured.most_probable(True)": ("k=True", "a whole number from 1 to 2, the number of observed networks"),
    "on_registers.most_probable('a')": ("k='a'", "a whole number of at least 1"),
    "on_registers.most_probable(1.0)": ("k=1.0", "a whole number of at least 1"),
    "on_registers.most_probable(True)": ("k=True", "a whole number of at least 1"),
    "hb.data.from_arrays(None, None)": ("x of shape ()", "must be a matrix"),
    "load('mnist', folder=3)": ("folder=3", "the path of a folder"),
    "Split([[1.0]], [0])": ("x=[[1.0]]", "a NumPy array of numbers"),
    "Split(np.ones((1, 1)), np.array(['a']))": ("y=array(['a']", "a NumPy array of numbers"),
    "hb.energies(net, split([[1.0] * 4], np.array([0])))": ("features = list", "of shape (examples, 4)"),
    "hb.energies(net, split(np.ones(4), np.array([0])))": (
        "features = float64 of shape (4,)",
        "of shape (examples, 4)",
    ),
    "hb.energies(net, split(np.full((1, 4), 'a'), np.array([0])))": ("features = <U1 of shape (1, 4)", "of numbers"),
    "hb.energies(net, split(np.ones((1, 4)) * 1j, np.array([0])))": ("features = complex128", "of numbers"),
    "hb.energies(net, split(np.full((1, 4), np.nan), np.array([0])))": ("NaN or infinite", "remove or fill"),
    "hb.energies(net, split(np.ones((1, 4)), np.array([0.5])))": ("labels = float64 of shape (1,)", "whole numbers"),
    "hb.energies(net, split(np.ones((1, 4)), [0]))": ("labels = list", "whole numbers"),
    "hb.energies(net, split(np.ones((1, 4)), np.array([[0]])))": ("labels = int64 of shape (1, 1)", "whole numbers"),
    "hb.energy.energy(net, data.train, signs)": ("bits = int64 of shape (2, 3)", "uint8 array of zeros and ones"),
    "hb.energy.energy(net, data.train, twos)": ("bits = uint8 of shape (2, 13)", "uint8 array of zeros and ones"),
    "hb.energy.energy(net, data.train, floats)": ("bits = float64", "uint8 array of zeros and ones"),
    "hb.energy.energy(net, data.train, np.array([1, 0, 1], np.uint8))": ("shape (3,)", "of shape (rows, n)"),
    "hb.energy.CachedEnergies(hb.energy.NetworkEnergies(net, data.train))(twos)": ("bits = uint8", "zeros and ones"),
    "hb.energy.NetworkEnergies(net, data)": ("split=Dataset('iris'", SPLIT),
    "net(twos, data.train.x)": ("bits = uint8", "zeros and ones"),
    "net(twos, None)": ("features = NoneType", "of shape (examples, 4)"),
    "predictive.posterior_predictive(net, data.test.x, floats)": ("bits = float64", "zeros and ones"),
    "predictive.posterior_predictive(net, data.test.x, twos // 2, [1.0, 2.0])": ("weights = list", "one a network"),
    "predictive.posterior_predictive(data, data.test.x, twos)": ("net=Dataset('iris'", "must be a network"),
    "predictive.predictions_of_draws(net, data.test.x, twos)": ("bits = uint8", "zeros and ones"),
    "predictive.exact_predictive(net, data.test.x, np.ones(2**13))": ("the sum 8192", "add up to 1"),
    "predictive.exact_predictive(net, data.test.x, None)": ("probabilities = NoneType", "an array of 8192 prob"),
    "enumeration.most_probable(np.full(3, 1 / 3), 1)": ("shape (3,)", "an array of 2^n probabilities"),
    "enumeration.most_probable(np.full(4, 0.25), 1.5)": ("k=1.5", "a whole number from 1 to 4"),
    "predictive.scores(2 * half, np.zeros(2, int))": ("prediction 0 is [1.0, 1.0]", "add up to 1"),
    "predictive.accuracy(half * np.nan, np.zeros(2, int))": ("prediction 0 is [nan, nan]", "add up to 1"),
    "predictive.brier(half[0], np.zeros(2, int))": ("predictions = float64 of shape (2,)", "(examples, classes)"),
    "predictive.mean_nll(half, np.zeros(2))": ("labels = float64", "whole numbers"),
    "predictive.expected_calibration_error(half, np.zeros(2, int), 1.5)": ("bins=1.5", "a whole number"),
    "predictive.fitted_temperature(half * -1, np.zeros(2, int))": ("prediction 0 is [-0.5, -0.5]", "at least 0"),
    "predictive.fitted_temperature(half, np.zeros(2, int), spread=0)": ("spread = 0", NUMBER),
    "predictive.tempered(half, np.nan)": ("temperature = nan", NUMBER),
    "hb.ExactPosterior(['a', 'b'])": ("energies must be an array of numbers", "one number a network"),
    "hb.ExactPosterior(np.zeros(4), np.zeros(4))": ("add up to exp(1.386)", "log probabilities"),
    "exact.compared(np.full(4, 0.3))": ("q has the least entry 0.3 and the sum 1.2", "add up to 1"),
    "exact.compared(np.full(4, np.nan))": ("q has the least entry nan", "add up to 1"),
    "exact.compared([0.25] * 4)": ("q = list", "an array of 4 probabilities"),
    "exact.predictive(data, data.test.x)": ("net=Dataset('iris'", "must be a network"),
    "kernels.kernel_sums(hb.Hamming((0.5,)), zeros, twos)": ("others = uint8", "zeros and ones"),
    "kernels.weighted_kernel_sums(hb.Hamming((0.5,)), zeros, zeros, np.full(1, np.nan))": ("weights = array([nan])",),
    "kernels.distances_of_probabilities(np.ones(4))": ("p has the least entry 1 and the sum 4", "add up to 1"),
    "hb.Ising(((0, 1, 0.5),)).log_weights(signs)": ("bits = int64", "zeros and ones"),
    "hb.Uniform().log_probabilities(40)": (
        "40 weights make 2^40 networks, over the limit of 24",
        "register by register",
    ),
    "hb.Autoregressive(40).probabilities(jnp.zeros(599))": ("40 weights make 2^40 networks", "use sample and log_prob"),
    "str(hb.Register(hb.circuits.ProductState(40)).probabilities(jnp.zeros(40)))": ("2^40 amplitudes", "hb.Registers"),
    "hb.Register(Thawed())": ("circuit of type Thawed cannot be hashed", "a frozen dataclass"),
    "hb.Register(Bare())": ("circuit of type Bare lacks n_qubits", "every Circuit declares"),
    "hb.Register(hb.circuits.ProductState(np.array(3)))": ("n_qubits=array(3)", "a whole number of at least 1"),
    "hb.fit(net, data, optimizer=Lion())": (
        "optimizer of type Lion lacks follows_changing_loss",
        "every Optimizer declares",
    ),
    "hb.fit(net, data, optimizer=Plain(), steps=1, progress=False)": ("optimizer plain gives 0.01", "optax.sgd(0.1)"),
    "on_backend.sample(np.full(two.parameter_shape, np.nan), 5, key=key)": ("parameter 0 of ShotRegister", "is NaN"),
    "hb.backends.batch.Points(two.circuit, np.full((1, 7), np.nan))": ("angles of AllPairs(", "hold NaN or infinite"),
    "hb.backends.batch.Points(two.circuit, [[0.0] * 7])": ("angles = [[0.0", "give rows of 7 angles"),
    "hb.backends.batch.Preparations(two.circuit, signs)": ("bits = int64", "zeros and ones"),
    **{f"posteriors[{place}].{call}": said for place in range(4) for call, said in OF_POSTERIORS.items()},
    **{call.replace("PLACE", str(place)): said for place in range(4) for call, said in OF_PARAMETERS.items()},
    "hb.energies(net, data)": ("split=Dataset('iris'", SPLIT),
    "hb.energies(net, None)": ("split=None", SPLIT),
    "hb.energies(data, data.train)": ("net=Dataset('iris'", "must be a network, such as BinaryMLP(n_features=4)"),
    "Brickwork(3, depth=10**5000)": ("depth=a value of type int", "a whole number from 1 to 10,000"),
    "Brickwork(3, depth=np.arange(100).reshape(50, 2))": ("depth=array([[ 0, 1]", "a whole number from 1 to 10,000"),
    "Brickwork(3.5)": ("n_qubits=3.5", "a whole number of at least 1"),
    "Brickwork(True)": ("n_qubits=True", "a whole number of at least 1"),
    "Brickwork(3, depth='4')": ("depth='4'", "a whole number from 1 to 10,000"),
    "Brickwork(3, depth=10_001)": ("depth=10001", "a whole number from 1 to 10,000"),
    "hb.circuits.ProductState('3')": ("n_qubits='3'", "a whole number of at least 1"),
}


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[str, str]]:
    """What each call ended with: an error's name and text."""
    command = [sys.executable, "-c", dedent(SCRIPT)]
    done = subprocess.run(
        command, input=json.dumps(list(WRONG)), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return {call: (kind, text) for call, kind, text in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("call", WRONG)
def test_wrong_type_is_one_line_with_the_argument_its_value_and_what_is_allowed(
    said: dict[str, tuple[str, str]], call: str
) -> None:
    kind, text = said[call]
    assert kind == "UserError", text
    assert "\n" not in text
    for part in WRONG[call]:
        assert part in text
