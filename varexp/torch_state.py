"""What torch is set to while numbers are made, whatever the caller has set, and put back afterwards."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.RLock()  # most of these settings belong to the whole process


@contextmanager
def controlled_torch(default_dtype: torch.dtype | None = torch.float32) -> Iterator[None]:
    """One thread, float32 as the default dtype, full precision, gradients on, no autocast, the CPU.

    Results keep their bits with one thread, and processes share the cores. Everything is as before at the end. Threads
    that need this wait for each other. `default_dtype` None leaves the caller's, for functions of his that rely on it.
    """
    with _lock:
        threads, dtype, device = torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()
        precision = torch.get_float32_matmul_precision()
        torch.set_num_threads(1)
        torch.set_default_dtype(dtype if default_dtype is None else default_dtype)
        torch.set_float32_matmul_precision("highest")
        if device.type != "cpu":
            torch.set_default_device("cpu")
        try:
            with torch.enable_grad(), torch.inference_mode(False), torch.autocast("cpu", enabled=False):
                yield
        finally:
            torch.set_num_threads(threads)
            torch.set_default_dtype(dtype)
            torch.set_float32_matmul_precision(precision)
            if device.type != "cpu":
                torch.set_default_device(device)
