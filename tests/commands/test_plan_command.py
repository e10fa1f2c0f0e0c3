"""varexp plan: rows, models and cost; nothing is run."""

from varexp.commands.plan import run


def planned(capsys, *arguments):
    assert run(arguments) == 0
    return capsys.readouterr().out


def hours(text):
    return float(text.split("about ")[1].split()[0])


def test_rows_and_models_are_counted(capsys, tmp_path):
    text = planned(capsys, "experiment=depth", f"results={tmp_path}")
    assert "depth: 1440 rows, 240 models" in text
    assert "1440 of 1440 rows to run" in text
    assert not list(tmp_path.glob("*/*/*.json"))


def test_cost_grows_with_what_is_asked_for(capsys, tmp_path):
    few, many = (
        hours(planned(capsys, "experiment=depth", f"axes.seed={seeds}", f"results={tmp_path}"))
        for seeds in ("[0]", "[0,1,2,3]")
    )
    assert 3.5 * few < many < 4.5 * few
    assert planned(capsys, "--help").startswith("Say what a sweep would run")
