"""commands/dynamics.py: from arguments to a table and a figure; what is wrong is told in a line."""

import pytest

from varexp.commands import main
from varexp.commands.dynamics import experiment, told
from varexp.report.tables import load_table


def test_a_field_makes_its_rows_and_the_figure(tmp_path, capsys):
    assert main(["dynamics", "fields=nonlinear_oscillator", "steps=3", f"results={tmp_path}"]) == 0
    found = load_table("dynamics", tmp_path)
    assert found.field.tolist() == ["nonlinear_oscillator"] * 2
    assert (found.steps == 3).all()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("nonlinear_oscillator 64-64-64 relu: ")
    assert [line.rpartition("/")[2] for line in printed[2:]] == [
        "dynamics.csv",
        "datapackage.json",
        "dynamics.svg",
        "dynamics.pdf",
        "dynamics.png",
    ]
    assert all(line.startswith("wrote ") for line in printed[2:])


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("fields=[jet_engin]", "unknown field 'jet_engin' (did you mean jet_engine?): choose one of water_tank, "),
        ("steps=0", "steps is a number of training steps of at least 1, got 0"),
        ("steps=many", "Value 'many' of type 'str' could not be converted to Integer"),
        ("field=[root]", "unknown key 'field' (did you mean fields?): choose one of fields, steps, results"),
        ("root", "expected key=value with a key of fields, steps, results; got 'root'"),
    ],
)
def test_bad_arguments_are_told_in_a_line(argument, message, tmp_path, capsys):
    assert main(["dynamics", argument, f"results={tmp_path}"]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert not list(tmp_path.iterdir())


def test_a_yaml_with_an_unknown_key_is_refused(tmp_path):
    (tmp_path / "dynamics.yaml").write_text("steps: 3\nruns:\n  - {field: root, hiden: [3]}\n")
    with pytest.raises(Exception, match="hiden"):
        experiment(tmp_path / "dynamics.yaml")


def test_lines_say_what_is_not_known():
    row = {"field": "root", "hidden_sizes": "10", "activation": "relu", "goal": 0.05, "seconds_certified": 1.5}
    known = {"sup_lower": 0.5, "sup_upper": 0.51, "decided": True}
    assert told({**row, **known}) == "root 10 relu: 0.5 to 0.51 in 1.50 s"
    open_row = {**row, **known, "sup_upper": None, "decided": False}
    assert told(open_row) == "root 10 relu: 0.5 to no upper end in 1.50 s, undecided: the goal is a gap of 5%"
