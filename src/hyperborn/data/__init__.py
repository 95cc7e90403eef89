"""Data: classification tasks in three splits, from built-in sets, MNIST files, or a user's own tables.

>>> import hyperborn as hb
>>> data = hb.data.load("iris", classes=(1, 2), seed=0)
>>> data.train.x.shape, data.classes
((60, 4), ('versicolor', 'virginica'))
"""

from hyperborn.data.arrays import from_arrays
from hyperborn.data.columns import Column
from hyperborn.data.dataset import Dataset, Split
from hyperborn.data.load import NAMES, load
from hyperborn.data.preprocessing import Preprocessing
from hyperborn.data.tables import Table, read_table

__all__ = ["NAMES", "Column", "Dataset", "Preprocessing", "Split", "Table", "from_arrays", "load", "read_table"]
