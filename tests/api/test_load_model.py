"""api/models.py: the model of a row is the one that was measured."""

import pytest
import torch

import varexp
from varexp.families import FAMILIES
from varexp.files import StoreError
from varexp.maps.norms import find_norm
from varexp.sweeps.cells import Cell
from varexp.sweeps.records import Store
from varexp.theory import Interval
from varexp.training.problem import Trained

SMALL = {"depth": 2, "width": 4, "steps": 20, "K": 1.5, "target": "affine"}
OF_A_FAMILY = {"chain": {"sides": "2-3-4"}, "pyramid": {"sides": "1-2-3"}, "flowar": {"sides": "1-2-4"}}


@pytest.mark.parametrize("model", OF_A_FAMILY)
def test_a_loaded_model_has_the_errors_of_its_row(tmp_path, model):
    row = varexp.run(model=model, results=tmp_path, **SMALL, **OF_A_FAMILY[model]).row
    found = varexp.load_model(row["key"], tmp_path)
    record = Store(tmp_path).read(row["key"])
    cell = Cell.from_content(record["cell"])
    assert cell.key == row["key"]
    assert cell.content() == record["cell"]
    assert not any(p.requires_grad or p.dtype != torch.float64 for p in found.parameters())
    if model == "flowar":
        (evaluation,) = FAMILIES[model].evaluate(
            [Trained(found)], [[cell.reading]], cell.target_object, cell.domain_object, cell.measurement
        )
        assert evaluation[cell.reading].columns["error_lower"] == row["error_lower"]
        return
    words = cell.domain_object.points(cell.domain_object.sample(512))
    errors = find_norm(row["norm"])(found(words) - cell.target_object(words))
    assert float(errors.max()) <= row["error_upper"]
    assert float(errors.max()) >= 0.9 * row["error_lower"]
    assert Interval(row["error_lower"], row["error_upper"]).bounded


def test_a_key_without_a_record_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"no record of abc: there is no .*abc\.json"):
        varexp.load_model("abc", tmp_path)
    row = varexp.run(results=tmp_path, sides="2-3-4", **SMALL).row
    Store(tmp_path).path(row["key"]).write_text("{}")
    with pytest.raises(StoreError, match="no checksum"):
        varexp.load_model(row["key"], tmp_path)
