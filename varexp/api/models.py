"""`load_model`: the trained model of a row, from the weights beside its record."""

from pathlib import Path

from torch import nn

from varexp.extensions import load_extensions
from varexp.files import StoreError
from varexp.sweeps.cells import Cell
from varexp.sweeps.config import default_results
from varexp.sweeps.records import Store
from varexp.torch_state import controlled_torch


def load_model(key: str, results: str | Path | None = None) -> nn.Module:
    """The trained model of a row, as deep as the row, in float64 and without gradients.

    Args:
        key: the row's column `key`.
        results: the folder that holds runs/; by default results/.

    Returns:
        The model. Chains and pyramids take token maps (..., tokens, channels) of words; FlowAR has `generate`.

    Raises:
        varexp.files.StoreError: there is no whole record of this key, or its weights are damaged; the file that was not
            what its name says lies in runs/damaged then.

    Examples:
        >>> import tempfile, varexp
        >>> folder = tempfile.mkdtemp()
        >>> made = varexp.run(depth=1, width=4, steps=20, target="affine", results=folder)
        >>> varexp.load_model(made.row["key"], folder).depth
        1

    Reference:
        Definition 3.8, Definition 3.6, Appendix C.
    """
    load_extensions()
    store = Store(default_results() if results is None else Path(results).expanduser())
    record = store.read(key)
    if record is None:
        reason = "; ".join(store.set_aside) or f"there is no {store.path(key)}: run its cell, or give results=DIR"
        raise StoreError(f"no record of {key}: {reason}")
    cell = Cell.from_content(record["cell"])
    with controlled_torch():
        model = cell.family.untrained(cell.problem, cell.architecture)
        model.load_state_dict({name: value.double() for name, value in store.weights_of(record).items()})
    return model.requires_grad_(False)
