"""Storage that survives crashes and notices damage.

Folders with a manifest, arrays, checkpoints, the metrics log, the run lock and the user's cache.
Nothing here is pickled. What is written is whole or absent after a crash; what is read has been verified.
Linux and macOS; on Windows writing is refused with the reason, for want of `flock`.
"""

from hyperborn.storage.arrays import arrays_from_bytes, arrays_to_bytes, json_from_bytes, json_to_bytes
from hyperborn.storage.bounded import open_regular, read_bounded
from hyperborn.storage.caches import cache_folder, cached_array
from hyperborn.storage.checkpoints import Checkpoint, Checkpoints
from hyperborn.storage.durable import write_file
from hyperborn.storage.folders import folder_exists, read_folder, remove_folder, write_folder
from hyperborn.storage.manifest import DamagedFolder
from hyperborn.storage.metrics_log import MetricsLog, digest_of_metrics, read_metrics
from hyperborn.storage.run_lock import FolderTaken, RunLock

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "DamagedFolder",
    "FolderTaken",
    "MetricsLog",
    "RunLock",
    "arrays_from_bytes",
    "arrays_to_bytes",
    "cache_folder",
    "cached_array",
    "digest_of_metrics",
    "folder_exists",
    "json_from_bytes",
    "json_to_bytes",
    "open_regular",
    "read_bounded",
    "read_folder",
    "read_metrics",
    "remove_folder",
    "write_file",
    "write_folder",
]
