"""The package as it is imported: light, complete, and typed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hyperborn as hb

HEAVY = {"jax", "sklearn", "pandas", "matplotlib", "pydantic", "scipy", "optax", "typer", "rich", "numpy"}


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(ended.stdout.splitlines()[-1]))


def test_import_loads_nothing_heavy() -> None:
    loaded = modules_after("import hyperborn")
    assert "hyperborn" in loaded
    assert not loaded & HEAVY


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['hyperborn', 'train', '--help']\n"
        "from hyperborn.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    loaded = modules_after(code)
    assert "typer" in loaded
    # Pydantic is loaded by newer versions of Typer itself.
    assert not loaded & (HEAVY - {"typer", "rich", "pydantic"})


def test_every_public_name_resolves_and_is_listed() -> None:
    for name in hb.__all__:
        assert getattr(hb, name) is not None
    assert {*hb.__all__, "__version__"} == set(dir(hb))
    assert hb.__all__ == sorted(hb.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_names_mean_the_same_at_every_use() -> None:
    # A submodule becomes an attribute of its package as soon as it is loaded, and must not hide another thing.
    for name in hb.__all__:
        assert getattr(hb, name) is getattr(hb, name)
    first = hb.energy
    assert hb.energies is first.energies
    assert hb.energy is first


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hyperborn' has no attribute 'fitt'"):
        hb.fitt  # noqa: B018
    assert not hasattr(hb, "__wrapped__")


def test_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names that others rely on, word for word; every value is then looked at."""
    monkeypatch.chdir(tmp_path)
    # fmt: off
    import jax

    import hyperborn as hb
    data = hb.data.load("iris", classes=(1, 2), seed=0)      # .train.x (N, d) float, .train.y (N,) int; .test
    net = hb.networks.BinaryMLP(n_features=4, hidden=(2,), n_classes=2)
    energy = hb.energies(net, data.train)                     # (2**net.n_weights,) float64, nats, summed over examples
    q = hb.Register(hb.circuits.Brickwork(net.n_weights, depth=4))
    params = q.init(key=jax.random.key(0))                    # array (depth, 2, n): RY then RZ angles
    p = q.probabilities(params)                               # (2**n,), index order of the design
    result = hb.fit(net, data, objective=hb.ELBO(), posterior=q, steps=500, restarts=4, seed=0)
    result.predict_proba(data.test.x); result.metrics("test"); result.save("runs/x"); hb.load("runs/x")  # noqa: E702
    # fmt: on
    assert (data.train.x.shape, data.test.x.shape, net.n_weights) == ((60, 4), (20, 4), 13)
    assert (energy.shape, energy.dtype) == ((2**13,), "float64")
    assert (params.shape, p.shape) == ((4, 2, 13), (2**13,))
    assert float(p.sum()) == pytest.approx(1, abs=1e-5)
    assert 0 <= result.numbers["elbo_gap"] < 3
    assert result.metrics("test")["accuracy"] > 0.8
    again = hb.load("runs/x")
    assert (again.predict_proba(data.test.x) == result.predict_proba(data.test.x)).all()


def test_types_are_seen_by_pyright(tmp_path: Path) -> None:
    pyright = Path(sys.executable).with_name("pyright")
    if not pyright.exists():
        pytest.skip("pyright is not installed")
    (tmp_path / "use.py").write_text(
        "import hyperborn as hb\n"
        "data = hb.data.load('iris')\n"
        "net = hb.networks.BinaryMLP(n_features=4)\n"
        "result = hb.fit(net, data, objective=hb.ELBO(), steps=3)\n"
        "reveal_type(result.steps)\n"
        "reveal_type(hb.load('runs/x').network.n_weights)\n"
        "hb.fit(net, data, steps='many')\n"
        "hb.fitt\n"
    )
    # The wheel of pyright may write its version on standard output first.
    ended = subprocess.run(
        [pyright, "--pythonpath", sys.executable, "--outputjson", tmp_path / "use.py"], capture_output=True, text=True
    )
    said = json.loads(ended.stdout[ended.stdout.index("{") :])["generalDiagnostics"]
    found = [(one["range"]["start"]["line"] + 1, one["severity"], one.get("rule"), one["message"]) for one in said]
    assert [one[:3] for one in found if one[1] == "error"] == [
        (7, "error", "reportArgumentType"),
        (8, "error", "reportAttributeAccessIssue"),
    ], found
    revealed = {line: message for line, severity, _, message in found if severity == "information"}
    assert 'is "int"' in revealed[5]
    assert 'is "int"' in revealed[6]


@pytest.mark.skipif(shutil.which("make") is None, reason="the system has no make")
def test_make_quantum_asks_for_both_extras() -> None:
    """A comma written in a call of make ends the argument, and once lost the second extra."""
    root = Path(__file__).parent.parent
    words = ["make", "--dry-run", "--always-make", "-f", str(root / "Makefile"), "-C", str(root), "quantum"]
    planned = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "--editable '.[pennylane,qiskit]'" in planned
