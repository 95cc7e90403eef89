"""The tables of docs/tables.md: where each comes from, what is predicted, and how its file is cut in two."""

import sys
import tarfile
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split

CACHE = Path(__file__).parents[2] / ".cache"
PACKAGES = CACHE / "tables-venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
FOLDER = CACHE / "tables"
PYDATASET = "pydataset"
SCIKIT = "scikit-learn"


@dataclass(frozen=True)
class Table:
    """A table, its target, and the place of its file.

    Attributes:
        name: in the report, and of the files that are written.
        target: the column that is predicted.
        package: that it comes with.
        path: below the package's folder, in pydataset's archive of files, or the name of scikit-learn's loader.
        about: what is predicted from what, and what is awkward about the file.
        separator, quote: of the file's cells.
        regression: whether the target is a number.
        by_name: whether `hyperborn train` knows the set by its name, and splits it itself.
    """

    name: str
    target: str
    package: str
    path: str
    about: str
    separator: str = ","
    quote: str = '"'
    regression: bool = False
    by_name: bool = False

    def files(self, seed: int = 0) -> tuple[Path, Path]:
        """Where the rows to train with and those to test with are written, as this seed draws them."""
        name = self.name if seed == 0 else f"{self.name}-{seed}"
        return FOLDER / f"{name}-train.csv", FOLDER / f"{name}-test.csv"


def scikit(name: str, loader: str, about: str, *, regression: bool = False, by_name: bool = False) -> Table:
    return Table(name, "target", SCIKIT, loader, about, regression=regression, by_name=by_name)


def from_r(name: str, target: str, path: str, about: str, *, regression: bool = False) -> Table:
    """A table of R's packages, as pydataset has it: a first column without a name holds the names of the rows."""
    return Table(name, target, PYDATASET, path, about, regression=regression)


TABLES = (
    scikit("iris", "load_iris", "three species from four lengths"),
    scikit("wine", "load_wine", "three growers from 13 measurements"),
    scikit("breast_cancer", "load_breast_cancer", "malignant or benign from 30 measurements"),
    scikit("digits-table", "load_digits", "ten digits from a table of 64 pixels"),
    scikit("digits", "load_digits", "the same by name (`hyperborn train digits`): other rows are tested", by_name=True),
    Table("penguins", "species", "palmerpenguins", "data/penguins.csv", "three species; missing numbers and sexes"),
    Table("weather", "weather", "vega_datasets", "_data/seattle-weather.csv", "five kinds of weather; dates"),
    Table("cars", "Origin", "vega_datasets", "_data/cars.json", "three continents; names, dates, missing numbers"),
    from_r("chile", "vote", "car/Chile", "what 2,700 voters plan; missing labels, numbers and categories"),
    from_r("aids2", "T.categ", "MASS/Aids2", "eight ways of infection, 87 % of them one, seven cases of the rarest"),
    from_r("cars93", "Type", "MASS/Cars93", "six types of cars from 26 columns; makers, models, missing numbers"),
    from_r("msleep", "vore", "ggplot2/msleep", "what 83 mammals eat; names, orders, two thirds of a column missing"),
    from_r("mpg", "class", "ggplot2/mpg", "seven classes of cars, five rows of the rarest; makers and models"),
    from_r("mortgages", "deny", "Ecdat/Hdma", "mortgages denied, 12 % of 2,381"),
    from_r("glass", "type", "MASS/fgl", "six kinds of glass from nine measurements, nine rows of the rarest"),
    from_r("shuttle", "use", "MASS/shuttle", "autolander or not: a rule of six columns of text"),
    from_r("biopsy", "class", "MASS/biopsy", "benign or malignant; numbers of patients, some of them twice"),
    from_r("space_shuttle", "Fail", "vcd/SpaceShuttle", "O-rings that failed, of 24 flights; two columns say so"),
    from_r("insurance", "hhi", "Ecdat/HI", "husbands insured, 22,272 rows; numbers and text"),
    Table("senators", "reason", "lifelines", "datasets/canadian_senators.csv", "why 933 left; names, dates, many rare"),
    Table("parties", "PID", "statsmodels", "datasets/anes96/anes96.csv", "seven leanings; tabs, 'names'", "\t", "'"),
    Table(
        "spector", "GRADE", "statsmodels", "datasets/spector/spector.csv", "better grades; 32 rows, blanks", " ", "'"
    ),
    scikit("diabetes", "load_diabetes", "progress after a year from ten measurements", regression=True),
    from_r("salaries", "salary", "car/Salaries", "pay of 397 professors; numbers and text", regression=True),
    from_r("yields", "yield", "datasets/npk", "peas from 24 plots", regression=True),
    Table("stocks", "price", "vega_datasets", "_data/stocks.csv", "five shares; `Jan 1 2000`", regression=True),
    from_r("doctors", "mdu", "Ecdat/DoctorContacts", "visits to doctors, 20,186 rows; mostly few", regression=True),
)


def write_files(table: Table, seed: int = 0) -> None:
    """Write the two files of a table, a quarter of the rows for testing, and every row as its package spells it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = text_of(table)
    for path, part in zip(table.files(seed), halves(text, table, seed), strict=True):
        path.write_text(part, encoding="utf-8")


def text_of(table: Table) -> str:
    """The file of a table; what a package does not keep as a file of text is written as CSV."""
    if table.package == SCIKIT:
        loaded = getattr(datasets, table.path)(as_frame=True)
        frame = loaded.frame
        names = [] if table.regression else list(loaded.target_names)
        if names and isinstance(names[0], str):
            frame = frame.assign(target=[names[index] for index in frame["target"]])
        return frame.to_csv(index=False)
    if table.package == PYDATASET:
        return archived(table.path)
    path = PACKAGES / table.package / table.path
    if path.suffix == ".json":
        return pd.read_json(StringIO(path.read_text()), convert_dates=False).to_csv(index=False)
    return path.read_text()


@cache
def archived(name: str) -> str:
    """A file of pydataset's archive, such as "MASS/Aids2"."""
    with tarfile.open(PACKAGES / PYDATASET / "resources.tar.gz") as archive:
        member = archive.extractfile(f"resources/rdata/csv/{name}.csv")
        assert member is not None
        return member.read().decode()


def halves(text: str, table: Table, seed: int = 0) -> tuple[str, str]:
    """Three quarters and one quarter of a file's rows, in their order, each under its header; drawn by class.

    A class of a single row is trained on.
    """
    header, *lines = [line for line in text.splitlines() if line.strip()]
    cells = pd.read_csv(
        StringIO(text), sep=table.separator, quotechar=table.quote, dtype=str, keep_default_na=False, engine="python"
    )
    if len(cells) != len(lines):
        raise ValueError(f"{table.name}: {len(lines)} lines hold {len(cells)} rows; a cell has a line break")
    labels = cells[table.target].to_numpy()
    every = np.arange(len(labels))
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    several = every if table.regression else every[counts[classes] > 1]
    stratify = None if table.regression else labels[several]
    _, test = train_test_split(several, test_size=0.25, random_state=seed, stratify=stratify)
    is_test = np.isin(every, test)
    rows = np.asarray(lines, dtype=object)
    train, tested = ("\n".join([header, *rows[chosen]]) + "\n" for chosen in (~is_test, is_test))
    return train, tested
