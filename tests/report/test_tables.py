import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hyperborn.errors import UserError
from hyperborn.report import comparison_table, markdown, summary_table
from hyperborn.report.notation import decimals, estimate_text, number_text

SUMMARY = {
    "n_weights": 17,
    "n_parameters": 1272,
    "objective": "elbo",
    "loss": 31.41272,
    "expected_energy": 24.1,
    "elbo": -31.41272,
    "log_evidence": -31.2,
    "elbo_gap": 0.00213,
    "optimum_gap": 0.00105,
    "measured_on": "aer, 20 shots",
    "entropy": 0.0,
    "train": {"accuracy": 0.96667, "nll": 0.1123, "brier": 0.08, "ece": 0.0},
    "validation": {},
    "test": {"accuracy": 1.0, "nll": 0.00001, "brier": 0.1, "ece": 0.05},
    "map": {"bits": "01011101010101010", "energy": 22.125, "test_accuracy": 0.9333},
    "seconds": {"energies": 0.2, "compile": 1.91, "train": 3.2},
    "out": "runs/[bold]x[/bold]",
}
ROWS = {
    "exact posterior": {"nll": (0.168, 0.02), "accuracy": (0.955, 0.0079), "elbo_gap": (0.0, 0.0)},
    "mle": {"nll": (0.412, 0.061), "accuracy": (0.921, 0.0113), "steps": (200.0, math.nan)},
    "a|b": {"nll": (0.172, 0.021), "accuracy": (0.953, 0.0081), "elbo_gap": (6.31, 0.21)},
}


def printed(table: object, width: int = 100, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(file=stream, width=width, legacy_windows=False).print(table)
    stream.flush()
    return [line.rstrip() for line in raw.getvalue().decode(encoding).splitlines()]


def found(lines: list[str], name: str) -> str:
    """What stands behind a name at the beginning of a line, blanks joined."""
    (line,) = [line for line in lines if line.startswith(f"{name} ")]
    return " ".join(line.removeprefix(name).split())


def test_summary_says_all_there_is() -> None:
    lines = printed(summary_table(SUMMARY))
    assert lines[0] == "ELBO, 17 binary weights, 1,272 parameters of q"
    assert lines[1].split() == ["train", "validation", "test"]
    assert found(lines, "accuracy") == "0.9667 – 1.0000"
    assert found(lines, "NLL (nats)") == "0.1123 – 1e-05"
    assert found(lines, "Brier score") == "0.0800 – 0.1000"
    assert found(lines, "calibration error") == "0.0000 – 0.0500"
    assert found(lines, "loss (nats)") == "31.413"
    assert found(lines, "loss above its own optimum (nats)") == "0.001050"
    assert found(lines, "predictions measured on") == "aer, 20 shots (other numbers are of training)"
    assert found(lines, "expected energy (nats)") == "24.100"
    assert found(lines, "ELBO (nats)") == "-31.413"
    assert found(lines, "log evidence (nats)") == "-31.200"
    assert found(lines, "ELBO gap (nats)") == "0.002130"
    assert found(lines, "entropy (nats)") == "0"
    assert found(lines, "most probable network") == "01011101010101010"
    assert found(lines, "its energy (nats)") == "22.125"
    assert found(lines, "its test accuracy") == "0.933"
    assert found(lines, "seconds") == "energies 0.2, compile 1.9, train 3.2"
    assert found(lines, "saved in") == "runs/[bold]x[/bold]"


@pytest.mark.parametrize("summary", [{}, dict.fromkeys(SUMMARY)])
def test_missing_values_are_dashes_or_left_out(summary: dict[str, None]) -> None:
    lines = printed(summary_table(summary))
    assert found(lines, "accuracy") == "– – –"
    for name in ("temperature of predictions", "most probable network", "its energy (nats)", "seconds", "saved in"):
        assert found(lines, name) == "–"
    # What is known of a run depends on its posterior.
    assert not [line for line in lines if line.startswith(("loss", "ELBO", "log evidence", "entropy", "KL"))]


AVERAGE = {"accuracy": 0.962, "nll": 0.12, "brier": 0.06, "ece": 0.02, "auc": 0.99}
ONE = {"accuracy": 0.827, "nll": 0.61, "brier": 0.31, "ece": 0.12, "auc": 0.91}
CONSTANT = {"accuracy": 0.44, "nll": 1.04, "brier": 0.64, "ece": 1.3e-16, "auc": 0.5}
COMPARED = {
    "n_weights": 13_000,
    "size_in_bytes": 1640,
    "test": AVERAGE,
    "average": {"n_networks": 32, "is_all": False, "size_in_bytes": 52_040},
    "one_network": {"size_in_bytes": 1640, "temperature": 0.5, "test": ONE},
    "constant": {"test": CONSTANT},
}


def test_one_network_and_the_commonest_class_stand_beside_the_average() -> None:
    lines = printed(summary_table(COMPARED), 80)
    assert lines[0] == "13,000 binary weights, 1,640 bytes a network"
    assert max(map(len, lines)) <= 80
    assert found(lines, "test split") == "accuracy NLL Brier ECE AUC"
    assert found(lines, "average of 32 networks (52,040 bytes)") == "0.9620 0.1200 0.0600 0.0200 0.9900"
    assert found(lines, "one network (1,640 bytes)") == "0.8270 0.6100 0.3100 0.1200 0.9100"
    assert found(lines, "always the commonest class") == "0.4400 1.0400 0.6400 0.0000 0.5000"
    assert not [line for line in lines if line.startswith("better")]


def test_names_of_averages_say_what_they_are_of() -> None:
    every = {"average": {"n_networks": 2**20, "is_all": True, "size_in_bytes": None}}
    assert found(printed(summary_table(COMPARED | every), 80), "average of all 1,048,576 networks").startswith("0.9620")
    large = {"average": {"n_networks": 32, "is_all": False, "size_in_bytes": 12_345_678}}
    assert found(printed(summary_table(COMPARED | large), 80), "average of 32 networks (12.3 MB)").startswith("0.9620")
    alone = {"average": {"n_networks": 1, "is_all": False, "size_in_bytes": 1}, "one_network": None}
    assert found(printed(summary_table(COMPARED | alone), 80), "one network (1 byte)").startswith("0.9620")


def test_simpler_predictions_that_are_better_are_said_in_a_line() -> None:
    better = {"constant": {"test": CONSTANT | {"accuracy": 0.97}}, "one_network": {"test": ONE | {"accuracy": 0.99}}}
    lines = printed(summary_table(COMPARED | better), 80)
    assert found(lines, "better on the test split:") == "always the commonest class, by accuracy"


def test_a_linear_regression_stands_beside_a_regression() -> None:
    own = {"rmse": 59.5, "mae": 48.2, "nll": 5.51, "r2": 0.35, "coverage_50": 0.5, "coverage_90": 0.9}
    linear = own | {"rmse": 55.1, "nll": 5.44}
    constant = own | {"rmse": 71_234.5678, "r2": -0.01, "nll": 11.9}
    summary = {
        "target": {"name": "price", "mean": 1.0, "deviation": 2.0},
        "test": own,
        "linear": {"test": linear},
        "constant": {"test": constant},
        "average": {"n_networks": 256, "is_all": True, "size_in_bytes": None},
        "one_network": {"size_in_bytes": 1, "deviation_factor": 1.0, "test": own},
    }
    lines = printed(summary_table(summary), 80)
    assert max(map(len, lines)) <= 80
    assert found(lines, "test split") == "RMSE MAE NLL R²"
    assert found(lines, "linear regression") == "55.1000 48.2000 5.4400 0.3500"
    assert found(lines, "always the mean") == "71,234.6 48.2000 11.9000 -0.0100"
    said = found(lines, "better on the test split:")
    assert said == "linear regression, by RMSE and NLL"


def importance_of(columns: int, measure: str) -> dict[str, object]:
    rows = [
        {
            "name": f"$c_{place}$",
            "nll_increase": 0.25 / (1 + place),
            "low": -0.00004,
            "high": 0.5,
            f"{measure}_drop": None,
        }
        for place in range(columns)
    ]
    return {"split": "validation", "examples": 30, "measure": measure, "columns": rows}


def test_the_most_important_columns_are_shown_with_their_intervals() -> None:
    lines = printed(summary_table(SUMMARY | {"importance": importance_of(7, "accuracy")}), width=80)
    (header,) = [line for line in lines if line.startswith("permuted in validation")]
    assert header.split("  ")[-1].strip() == "accuracy falls by"
    assert found(lines, "$c_0$") == "0.2500 0.0000 to 0.5000 –"
    assert [line.split()[0] for line in lines if line.startswith("$c_")] == [f"$c_{place}$" for place in range(5)]
    assert "and 2 columns of less importance" in lines
    fewer = printed(summary_table(SUMMARY | {"importance": importance_of(5, "r2")}), width=80)
    assert not any("less importance" in line for line in fewer)
    assert any(line.endswith("R² falls by") for line in fewer)


def test_without_test_scores_nothing_is_compared() -> None:
    lines = printed(summary_table(COMPARED | {"test": {}}))
    assert not [line for line in lines if line.startswith(("test split", "one network", "always", "better"))]


def test_registers_have_numbers_of_their_own() -> None:
    sampled = {"standard_error": 0.25, "kl": 12.5, "size_in_bytes": 1044, "n_weights": 4736, "losses": [3.0]}
    lines = printed(summary_table(sampled | {"objective": "elbo", "map": {"bits": None, "energy": 22.125}}))
    assert lines[0] == "ELBO, 4,736 binary weights, 1,044 bytes a network"
    assert found(lines, "its standard error (nats)") == "0.250"
    assert found(lines, "KL to the prior (nats)") == "12.500"
    assert found(lines, "most probable network") == "of 4,736 bits"
    assert found(lines, "its energy (nats)") == "22.125"
    # Of one restart, its loss says all.
    assert not [line for line in lines if line.startswith("losses of restarts")]


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_terminal_loses_nothing(width: int) -> None:
    bits = "0110" * 30
    lines = printed(summary_table(SUMMARY | {"map": {"bits": bits}}), width)
    assert max(map(len, lines)) <= width
    inside = "".join(lines).replace(" ", "")
    assert "energies0.2,compile1.9,train3.2" in inside
    assert bits in inside


def test_comparison_has_known_metrics_in_order_and_the_exact_posterior_apart() -> None:
    lines = printed(comparison_table(ROWS, title="iris, 5 [seeds]"))
    assert lines[0] == "iris, 5 [seeds]"
    assert lines[1].split() == ["accuracy", "NLL", "gap", "(nats)", "steps"]
    assert found(lines, "MLE") == "0.921±0.011 0.41±0.06 – 200.000"
    assert found(lines, "a|b") == "0.953±0.008 0.172±0.021 6.31±0.21 –"
    assert found(lines, "exact posterior") == "0.955±0.008 0.168±0.020 0 –"
    assert lines[-2] == ""
    assert lines[-1].startswith("exact posterior")


def test_five_metrics_fit_eighty_columns_unbroken() -> None:
    metrics: list[str] = ["accuracy", "nll", "brier", "ece", "elbo_gap"]
    rows = {name: dict.fromkeys(metrics, (0.912, 0.011)) for name in ("mle", "selbo", "exact posterior")}
    lines = printed(comparison_table(rows), 80)
    assert max(map(len, lines)) <= 80
    assert found(lines, "SELBO") == " ".join(["0.912±0.011"] * 5)


def test_ascii_only_where_the_terminal_cannot_encode() -> None:
    # A character that ascii lacks would raise.
    for width in (30, 100):
        printed(summary_table(SUMMARY), width, "ascii")
        printed(comparison_table(ROWS, title="café"), width, "ascii")
    assert found(printed(comparison_table(ROWS), 100, "ascii"), "MLE").startswith("|0.921+/-0.011 |")
    assert found(printed(summary_table({}), 100, "ascii"), "seconds") == "-"
    # Latin-1 has ± but not the dash.
    latin = found(printed(comparison_table(ROWS), 100, "latin-1"), "MLE")
    assert "0.921±0.011" in latin
    assert "–" not in latin


def test_markdown() -> None:
    assert markdown(ROWS) == (
        "|  | accuracy | NLL (nats) | ELBO gap (nats) | steps |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| MLE | 0.921 ± 0.011 | 0.41 ± 0.06 | – | 200.000 |\n"
        "| a\\|b | 0.953 ± 0.008 | 0.172 ± 0.021 | 6.31 ± 0.21 | – |\n"
        "| *exact posterior* | *0.955 ± 0.008* | *0.168 ± 0.020* | *0* | *–* |\n"
    )


def test_names_are_text_in_markdown_and_in_the_terminal() -> None:
    name = "_[bold]$1_$4[/bold] <b>a|b</b>\\*\n\x1b[31m#`~&"
    (row,) = (line for line in markdown({name: {"nll": (0.5, 0.1)}}).splitlines() if "0.50 ±" in line)
    shown = r"\_\[bold\]\$1\_\$4\[/bold\] \<b\>a\|b\</b\>\\\* \\x1b\[31m\#\`\~\&"
    assert row == f"| {shown} | 0.50 ± 0.10 |"
    lines = printed(comparison_table({name: {"nll": (0.5, 0.1)}}, title=name))
    assert lines[0] == r"_[bold]$1_$4[/bold] <b>a|b</b>\* \x1b[31m#`~&"
    assert lines[-1].startswith(lines[0] + " ")


def test_nothing_to_compare() -> None:
    for make in (comparison_table, markdown):
        with pytest.raises(UserError, match="nothing to compare"):
            make({})


@pytest.mark.parametrize(
    ("mean", "error", "text"),
    [
        # The first three are the Particle Data Group's own examples (Review, introduction, 5.3).
        (0.827, 0.119, "0.83 ± 0.12"),
        (0.827, 0.367, "0.8 ± 0.4"),
        (0.827, 0.96, "0.8 ± 1.0"),
        (0.12345, 0.00354, "0.123 ± 0.004"),
        (0.12345, 0.00355, "0.123 ± 0.004"),
        (123456.0, 789.0, "123,456 ± 789"),
        (-0.001, 0.11, "0.00 ± 0.11"),
        (0.5, 0.0, "0.500 ± 0"),
        (0.0, 0.0, "0"),
        (0.5, math.nan, "0.500"),
        (math.inf, 1.0, "inf"),
        (math.nan, 1.0, "–"),
        (None, None, "–"),
    ],
)
def test_digits_follow_the_standard_error(mean: float | None, error: float | None, text: str) -> None:
    assert estimate_text(mean, error) == text


@given(st.floats(1e-9, 1e9))
def test_the_error_keeps_one_or_two_digits(error: float) -> None:
    places = decimals(error)
    assert abs(round(error, places) - error) <= 0.15 * error
    assert 1 <= round(error * 10.0**places) <= 35


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.5, "0.500"),
        (-31.4127, "-31.413"),
        (0.0123456, "0.01235"),
        (12345.678, "12,345.7"),
        (3e-7, "3e-07"),
    ],
)
def test_number_text(value: float, text: str) -> None:
    assert number_text(value) == text
