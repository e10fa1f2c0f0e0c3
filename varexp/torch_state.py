"""What torch is set to while numbers are made, whatever the caller has set, and put back afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def controlled_torch() -> Iterator[None]:
    """One thread, float32 as the default dtype, gradients on, the CPU.

    Results keep their bits with one thread, and processes share the cores. Everything is as before at the end.
    """
    threads, dtype, device = torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float32)
    if device.type != "cpu":
        torch.set_default_device("cpu")
    try:
        with torch.enable_grad(), torch.inference_mode(False):
            yield
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(dtype)
        if device.type != "cpu":
            torch.set_default_device(device)
