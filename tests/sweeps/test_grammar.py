"""Texts of any kind as values of overrides, in a shell and out of it again."""

import dataclasses
import shlex
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from varexp.sweeps.compose import _composed, composed
from varexp.sweeps.config import resolve
from varexp.sweeps.failures import command_of
from varexp.sweeps.grammar import in_grammar, literally

letters = st.sampled_from(list("ab1 ,:=[](){}$'\"\\~#*?!&;|<>%@^`-./üд模")) | st.characters(
    categories=["L", "N", "P", "S"]
)
texts = st.text(letters, min_size=1, max_size=12)
HOSTILE = [
    "a,b",
    "[1]",
    "{a:1}",
    "null",
    "True",
    "1e3",
    "' \"",
    "\\",
    "a\\'b",
    "$(id)",
    "`id`",
    "ü'x",
    "~",
    "a=b",
    "${x}",
]


@pytest.mark.parametrize(
    ("value", "words"), [("sine", "sine"), ("/tmp/a b", "'/tmp/a b'"), ("null", "'null'"), (2, "2")]
)
def test_quotes_stand_where_they_are_needed(value, words):
    assert literally(value) == words


@settings(deadline=None, max_examples=20)
@given(text=texts)
@example(text="\\${x}")
def test_any_folder_comes_back_from_the_command_that_runs_a_cell_again(text):
    cell = resolve(composed({"depth": 2, "target": "mix", "K": 1.5}, sweeps=False))
    folder = Path("/tmp") / text
    words = shlex.split(command_of(cell, folder))
    again = _composed(words[2:], sweeps=False)
    assert Path(again.results) == folder
    assert resolve(dataclasses.replace(again, results="r")).key == cell.key


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_texts(text):
    word = command_of(resolve(composed({}, sweeps=False)), Path(text))
    assert Path(_composed(shlex.split(word)[2:], sweeps=False).results) == Path(text)


@settings(deadline=None, max_examples=20)
@given(text=texts.filter(lambda text: "$" not in text))
def test_python_and_the_command_line_mean_the_same_text(text):
    assert (
        composed({"results": text}, sweeps=False).results
        == _composed([f"results={in_grammar(text)}"], False).results
        == text
    )


def test_a_failed_cell_is_run_again_by_the_script_that_knows_it(tmp_path, monkeypatch):
    cell = resolve(composed({}, sweeps=False))
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/varexp", "train"])
    assert command_of(cell, tmp_path).startswith("varexp train model=chain ")
    own = tmp_path / "my targets.py"
    own.write_text("")
    monkeypatch.setattr("sys.argv", [str(own), "train"])
    assert shlex.split(command_of(cell, tmp_path))[:3] == ["python", str(own), "train"]
