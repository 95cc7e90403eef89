"""Arguments of wrong types, given to the package as users load it: without the type checks of the tests."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

SCRIPT = """
    import json, sys
    import hyperborn as hb
    import numpy as np

    data = hb.data.load("iris", classes=(1, 2))
    net = hb.networks.BinaryMLP(n_features=4, hidden=(2,))
    Brickwork, MLP, Split, load = hb.circuits.Brickwork, hb.networks.BinaryMLP, hb.data.Split, hb.data.load
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
        "3 marginals for rows of 2 bits",
        "give one",
    ),
    "hb.mmd_witness(np.ones((3, 2), np.uint8), np.ones((3, 4), np.uint8), None)": (
        "bits of 4 bits for rows of 2",
        "rows of the same bits",
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
    "load('moons', size='x')": ("size='x'", "a whole number of at least 2"),
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
    "hb.data.from_arrays(None, None)": ("x of shape ()", "must be a matrix"),
    "load('mnist', folder=3)": ("folder=3", "the path of a folder"),
    "Split([[1.0]], [0])": ("x=[[1.0]]", "a NumPy array of numbers"),
    "Split(np.ones((1, 1)), np.array(['a']))": ("y=array(['a']", "a NumPy array of numbers"),
    "hb.energies(net, data)": ("split=Dataset('iris'", SPLIT),
    "hb.energies(net, None)": ("split=None", SPLIT),
    "hb.energies(data, data.train)": ("net=Dataset('iris'", "must be a network, such as BinaryMLP(n_features=4)"),
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
