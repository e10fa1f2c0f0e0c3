"""report/page: the page of results in a real browser. It asks nobody for anything, and what it shows is the tables."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from opened import Opened

from varexp.commands import main
from varexp.report.tables import load_table
from varexp.sweeps.compose import run_app
from varexp.sweeps.config import resolve

RESULTS = Path(__file__).parents[2] / "results"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The page of one table."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "tables").mkdir()
    shutil.copy(RESULTS / "tables" / "width.csv", folder / "tables")
    shutil.copy(RESULTS / "ledger.json", folder)
    assert main(["report", f"results={folder}"]) == 0
    return folder / "report.html"


@pytest.fixture
def opened(browser, small):
    made = Opened(browser, small)
    yield made
    made.context.close()
    assert made.offences == []


def test_the_whole_page_opens_without_asking_anybody(browser, tmp_path):
    assert main(["report", f"path={tmp_path / 'report.html'}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    ledger = json.loads((RESULTS / "ledger.json").read_text())
    readings = sum(len(claim["readings"]) for claim in ledger["claims"])
    assert made.page.inner_text("#ledger-count").startswith(f"{readings} of {readings} readings")
    titles = [line for line in (RESULTS / "FINDINGS.md").read_text().splitlines() if line.startswith("## ")]
    assert made.page.locator("#findings-list > details").count() == len(titles)
    tabs = made.page.locator("#tabs button")
    names = [path.stem for path in (RESULTS / "tables").glob("*.csv") if not path.stem.endswith("_stages")]
    assert sorted(tabs.all_inner_texts()) == sorted(names)
    for index in range(tabs.count()):  # every one is drawn
        tabs.nth(index).click()
        name = tabs.nth(index).inner_text()
        made.page.wait_for_function("name => document.querySelector('#experiment h3')?.textContent === name", arg=name)
        made.page.wait_for_selector("#experiment tbody tr")
        assert "null" not in made.page.inner_text("#experiment").split()
        table = load_table(name, RESULTS)
        if "experiment" in table:
            drawn = table.iloc[made.points()]
            across = made.page.input_value('#experiment select[data-filter="across"]')
            assert drawn[across].nunique() > 1, name
    made.context.close()
    assert made.offences == []


def test_a_finding_opens_its_table_and_an_address_its_claim(browser, tmp_path):
    assert main(["report", f"path={tmp_path / 'report.html'}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    made.page.locator("#finding-kernel > summary").click()
    made.page.locator("#finding-kernel button").first.click()
    made.page.wait_for_function("() => document.querySelector('#experiment h3')?.textContent === 'kernel'")
    made.page.evaluate("location.hash = '#lem-4.4'")
    made.page.wait_for_function("() => document.getElementById('lem-4.4').open")
    made.context.close()
    assert made.offences == []


def test_the_control_an_offence_is_seen(browser, small, tmp_path):
    text = small.read_text(encoding="utf-8")
    planted = "<script>console.error('planted'); alert('planted'); fetch('http://localhost:9/planted');</script></body>"
    (tmp_path / "planted.html").write_text(text.replace("</body>", planted), encoding="utf-8")
    made = Opened(browser, tmp_path / "planted.html")
    made.context.close()
    assert {"planted"} < set(made.offences)
    assert any("Content Security Policy" in offence for offence in made.offences)  # the page may ask nobody


def test_a_filter_changes_what_is_drawn(opened):
    table = load_table("width", RESULTS)
    opened.chosen("target", "")
    for target in table.target.unique():
        opened.chosen("target", f"={target}")
        drawn = table.iloc[opened.points()]
        assert len(drawn)
        assert set(drawn.target) == {target}
    opened.chosen("target", "")
    for setting in opened.page.locator("#experiment select[data-filter]").evaluate_all(
        "all => all.map(s => s.dataset.filter)"
    ):
        if setting in table:
            opened.chosen(setting, "")
    assert sorted(opened.points()) == list(range(len(table)))


def test_a_point_shows_its_own_row(opened):
    table = load_table("width", RESULTS)
    opened.page.locator(".chart").scroll_into_view_if_needed()
    box = opened.page.locator(".chart .points path.point").nth(3).bounding_box()
    index = opened.points()[3]
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.page.wait_for_selector(".hoverlayer .hovertext")
    text = opened.page.locator(".hoverlayer .hovertext").text_content()
    shown = [key for key in table.key if key in text]
    assert len(shown) == 1
    row = table.set_index("key").loc[shown[0]]
    assert f"{row.error_lower:.5g}"[:6] in text
    assert row.verdict in text
    near = table.iloc[index]
    assert (row.width, row.target) == (near.width, near.target)


def test_the_command_of_a_row_makes_that_row(opened, tmp_path):
    table = load_table("width", RESULTS)
    lines = opened.page.locator("#experiment tbody tr")
    for index in (0, 7):
        lines.nth(index).focus()
        opened.page.keyboard.press("Enter")
        assert lines.nth(index).get_attribute("aria-selected") == "true"
        key = opened.page.inner_text("#experiment [role=status] h3").split()[1]
        words = shlex.split(opened.page.inner_text("#experiment [role=status] pre"))
        assert words[:2] == ["varexp", "train"]
        configs = []
        run_app(configs.append, [*words[2:], f"results={tmp_path}"], sweeps=False)
        assert resolve(configs[0]).key == key
        assert key in set(table.key)


NUMBERS = """async (name) => {
    const table = await load(content.tables.find((table) => table.name === name));
    const cells = table.rows.flatMap((row) => table.names.map((n) => row[n]));
    return cells.filter((v) => typeof v === "number").map((v) => [v, shown(v)]);
}"""


@pytest.mark.parametrize("name", ["interpolation", "transformations", "contextual", "depth"])
def test_numbers_are_shown_as_they_are(browser, tmp_path, name):
    (tmp_path / "tables").mkdir()
    for each in (name, "width"):
        shutil.copy(RESULTS / "tables" / f"{each}.csv", tmp_path / "tables")
    assert main(["report", f"results={tmp_path}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    numbers = made.page.evaluate(NUMBERS, name)
    made.context.close()
    assert len(numbers) > 100
    assert all(float(text) == pytest.approx(value, rel=1e-4, abs=0) for value, text in numbers)


def test_a_column_is_sorted_by_its_head_and_the_table_downloads_as_released(opened, tmp_path):
    head = opened.page.locator('#experiment th button[data-column="error_upper"]')
    place = opened.page.locator("#experiment th button").all_inner_texts().index("error_upper")
    for direction in ("ascending", "descending"):
        head.click()
        assert opened.page.locator(f'#experiment th[aria-sort="{direction}"]').count() == 1
        cells = opened.page.locator(f"#experiment tbody td:nth-child({place + 1})")
        values = [float(title) for title in cells.evaluate_all("all => all.map(cell => cell.title)")]
        assert values == sorted(values, reverse=direction == "descending")
    with opened.page.expect_download() as started:
        opened.page.get_by_text("download width.csv").click()
    started.value.save_as(tmp_path / "width.csv")
    assert (tmp_path / "width.csv").read_bytes() == (RESULTS / "tables" / "width.csv").read_bytes()


def test_the_ledger_is_searched_and_unfolds(opened):
    opened.page.locator("#ledger-tools select").first.select_option("VIOLATED")
    chips = opened.page.locator("#ledger-list > details > summary .chip").all_inner_texts()
    assert len(chips) > 5
    assert all(chip.endswith("VIOLATED") for chip in chips)
    opened.page.locator("#ledger-tools input").fill("no such words anywhere")
    assert opened.page.locator("#ledger-list > details").count() == 0
    opened.page.locator("#ledger-tools select").first.select_option("")
    opened.page.locator("#ledger-tools input").fill("lem-4.4")
    claim = opened.page.locator("#ledger-list > details#lem-4\\.4")
    claim.locator("summary").first.click()
    assert "Printed:" in claim.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_follows_the_colours_of_the_reader(browser, small, scheme):
    made = Opened(browser, small, color_scheme=scheme)
    made.page.set_viewport_size({"width": 390, "height": 800})
    made.page.reload()
    made.page.wait_for_selector(".chart .scatterlayer")
    assert made.page.evaluate("document.documentElement.scrollWidth") == 390
    dark = made.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")
    made.page.click("#theme")
    assert made.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    made.context.close()
    assert made.offences == []
