"""Every claim, over the registry: verdicts as expected, plants found, the ledger's form, order and audit."""

import copy
import json
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from varexp.claims import CLAIMS, NOT_JUDGED
from varexp.claims.audit import disagreements
from varexp.claims.claim import Plant, Reading
from varexp.claims.evidence import at_most, evidence
from varexp.claims.ledger import check, chosen, complaints, lines, save, schema, table
from varexp.theory.verdicts import Verdict

RELEASED = Path(__file__).parents[2] / "results" / "ledger.json"


@pytest.fixture(scope="module")
def ledger():
    return check(CLAIMS, NOT_JUDGED)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_reading_and_every_plant_comes_out_as_known(claim, ledger):
    row = next(row for row in ledger["claims"] if row["id"] == claim.id)
    assert complaints({"claims": [row]}) == []
    for reading in row["readings"]:
        assert {plant["known"] for plant in reading["planted"]} == {"HOLDS", "VIOLATED"}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_what_fails_has_its_reason_and_what_is_printed_its_repair(claim):
    for reading in claim.readings:
        assert reading.because.endswith(".")
        assert reading.statement
    broken = [r for r in claim.readings if r.expected == Verdict.VIOLATED and r.kind == "printed"]
    if broken and claim.id not in ("cor-6.2", "def-3.2"):  # of the wrong type; only named wrongly
        assert any(r.expected == Verdict.HOLDS for r in claim.readings)


def test_ids_are_unique():
    ids = [claim.id for claim in CLAIMS]
    assert len(set(ids)) == len(ids)


def test_counts_add_up_and_nothing_planted_is_missed(ledger):
    counts = ledger["counts"]
    assert counts["claims"] == len(CLAIMS)
    assert sum(counts[str(verdict)] for verdict in Verdict) == counts["readings"]
    assert counts["planted_falsehoods"] >= counts["readings"] <= counts["planted_truths"]
    assert counts["planted_missed"] == 0


def test_two_runs_write_the_same_bytes_and_the_released_ledger_is_what_is_found(ledger, tmp_path):
    save(check(CLAIMS, NOT_JUDGED), tmp_path / "ledger.json")
    again = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert again == ledger
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    verdicts = [
        [(c["id"], r["name"], r["verdict"]) for c in x["claims"] for r in c["readings"]] for x in (released, again)
    ]
    assert verdicts[0] == verdicts[1]
    assert disagreements(released) == []


def test_a_changed_number_a_changed_verdict_and_a_missed_plant_are_noticed(ledger):
    first = ledger["claims"][0]["readings"][0]
    for change in (
        lambda r: r["evidence"]["instances"][0]["conclusions"][0].update(left=["5"], right=["7"]),
        lambda r: r.update(verdict="HOLDS"),
        lambda r: r["planted"][0].update(found="HOLDS"),
        lambda r: r.update(expected="INCONCLUSIVE"),
    ):
        tampered = copy.deepcopy(ledger)
        change(tampered["claims"][0]["readings"][0])
        assert complaints(tampered), first["name"]


def test_the_schema_refuses_what_is_not_a_ledger(ledger):
    wrong = copy.deepcopy(ledger)
    wrong["claims"][0]["readings"][0]["evidence"]["instances"][0]["conclusions"][0]["left"] = [0.5]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema())


def test_a_reading_needs_both_plants():
    plant = Plant("x", lambda: evidence("x", at_most("", 0, 1)))
    words = dict.fromkeys(("name", "statement", "norm", "domain", "because"), "x")
    with pytest.raises(ValueError, match="planted falsehood"):
        Reading(
            **words,
            kind="printed",
            arm="exact",
            check=plant.check,
            expected=Verdict.HOLDS,
            falsehoods=(),
            truths=(plant,),
        )


def test_claims_are_chosen_by_id_and_section_and_the_nearest_are_named():
    assert [c.id for c in chosen(CLAIMS, claim="lem-5.4")] == ["lem-5.4"]
    assert {c.section for c in chosen(CLAIMS, section="4")} == {"4"}
    with pytest.raises(ValueError, match=r"did you mean .*thm-5\.6"):
        chosen(CLAIMS, claim="thm-5.7")
    with pytest.raises(ValueError, match="unknown section '9': choose one of 3, 4, 5"):
        chosen(CLAIMS, section="9")
    with pytest.raises(ValueError, match="not in section"):
        chosen(CLAIMS, claim="lem-5.4", section="4")


def test_the_table_has_a_row_for_every_reading(ledger):
    assert table(ledger).row_count == ledger["counts"]["readings"]


def reading(check, plant, **changes):
    words = dict.fromkeys(("name", "statement", "norm", "domain", "because"), "x")
    other = Plant("another", lambda: evidence("y", at_most("", 1, 0)))
    given = {"kind": "printed", "arm": "exact", "expected": Verdict.HOLDS, "falsehoods": (other,), "truths": (plant,)}
    return Reading(**{**words, **given, "check": check, **changes})


def _checked(number=1):
    return evidence("x", at_most("", 0, number))


@pytest.mark.parametrize("same", [_checked, partial(_checked), partial(_checked, 1), partial(_checked, number=1)])
def test_a_plant_that_is_the_readings_own_check_is_refused(same):
    with pytest.raises(ValueError, match="is the reading's own check"):
        reading(_checked, Plant("the same", same))
    assert reading(_checked, Plant("another number", partial(_checked, 2)))


def test_what_cannot_be_judged_is_listed_with_the_reason(ledger):
    assert {entry["sentence"] for entry in ledger["not_judged"]} == set(NOT_JUDGED)
    assert all(len(entry["because"]) > 20 for entry in ledger["not_judged"])
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    assert released["not_judged"] == ledger["not_judged"]


def test_a_trained_model_refutes_nothing():
    with pytest.raises(ValueError, match="a trained model refutes nothing"):
        reading(_checked, Plant("t", partial(_checked, 2)), arm="trained", expected=Verdict.VIOLATED)


def test_no_reading_of_reconstructed_words_is_called_printed_without_saying_so(ledger):
    for claim in ledger["claims"]:
        for found in claim["readings"]:
            if found["kind"] == "printed":
                certain = claim["wording"] == "read"
                assert found["label"] == ("printed" if certain else f"printed (reconstructed, {claim['wording']})")
            else:
                assert found["label"] == found["kind"]


def test_a_pipe_gets_a_line_a_reading_and_a_terminal_the_statements_where_asked_for(ledger):
    assert len(lines(ledger)) == ledger["counts"]["readings"]
    first = ledger["claims"][0]["readings"][0]
    assert lines(ledger)[0].split("\t")[:5] == [
        ledger["claims"][0]["id"], first["name"], first["label"], first["arm"], first["verdict"],
    ]  # fmt: skip
    assert first["statement"] in lines(ledger, long=True)[0]
    cells = [str(cell) for column in table(ledger, long=True).columns for cell in column.cells]
    assert any(first["statement"] in cell for cell in cells)
