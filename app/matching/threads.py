"""One stated number of threads per process.

Each worker process sets it once, before it loads networks. Networks are loaded in the process that runs
them: after a fork OpenCV's thread pool may hang in the child (docs/decisions/0003-face-models-and-search.md).
"""

import cv2
from threadpoolctl import threadpool_limits


def configure_threads(count: int) -> None:
    """Let OpenCV, BLAS and OpenMP use ``count`` threads each in this process. Raises ValueError below 1."""
    if count < 1:
        raise ValueError("A process needs at least one thread.")
    cv2.setNumThreads(count)
    threadpool_limits(limits=count)
