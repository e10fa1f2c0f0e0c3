"""report/page: the page of results in a real browser. It asks nobody for anything, and what it shows is the tables."""

import json
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from varexp.commands import main
from varexp.report.tables import load_table
from varexp.sweeps.compose import run_app
from varexp.sweeps.config import resolve

RESULTS = Path(__file__).parents[2] / "results"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
POINTS = "[...document.querySelector('.chart').data].filter(t => t.mode === 'markers' && t.customdata)"
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script><b>'\"&`"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as library:
        made = library.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


class Opened:
    """A page, and what it did that it should not."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **options)
        self.page = self.context.new_page()
        self.offences, self.path = [], path
        self.page.on("console", lambda message: self.offences.append(message.text))
        self.page.on("pageerror", lambda error: self.offences.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.offences.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".chart .scatterlayer, #experiment img")

    def _asked(self, url):
        if url != self.path.as_uri() and not url.startswith(("data:", "blob:")):
            self.offences.append(url)

    def chosen(self, label, value):
        self.page.select_option(f'#experiment select[data-filter="{label}"]', value)

    def points(self):
        """Numbers of rows that are drawn."""
        return self.page.evaluate(f"{POINTS}.flatMap(t => t.customdata)")


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


def commands_of(browser, folder, table):
    """The commands that the page of a table of other rows says, a list of words each."""
    (folder / "tables").mkdir()
    table.to_csv(folder / "tables" / "width.csv", index=False)
    assert main(["report", f"results={folder}"]) == 0
    made = Opened(browser, folder / "report.html")
    found = made.page.evaluate("async () => (await load(content.tables[0])).rows.map(command)")
    made.context.close()
    return [shlex.split(line) for line in found]


def test_commands_say_null_large_numbers_and_options_of_every_kind(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False).head(3)
    table.loc[0, "gap"] = ""
    table.loc[1, "seed"] = "1152921504606846977"
    table.loc[2, "target_options"] = "mode='a b' depth=None sharp=True list=[1, 2]"
    without, large, options = commands_of(browser, tmp_path, table)
    assert "gap=null" in without
    assert not any(word.startswith("gap=") for word in large)
    assert "seed=1152921504606846977" in large
    assert [word.removeprefix("target_options.") for word in options if word.startswith("target_options")] == [
        "mode='a b'", "depth=null", "sharp=true", "list=[1, 2]",
    ]  # fmt: skip


def test_rows_at_zero_and_rows_without_an_upper_end_are_told_apart(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False).head(8)
    table.loc[[0, 1], ["error_lower", "error_upper"]] = "0.0"
    table.loc[2, "error_upper"] = ""
    (tmp_path / "tables").mkdir()
    table.to_csv(tmp_path / "tables" / "width.csv", index=False)
    assert main(["report", f"results={tmp_path}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    for box in made.page.locator("#experiment select[data-filter]").all():
        if box.get_attribute("data-filter") in table.columns:
            box.select_option("")
    assert sorted(made.points()) == [2, 3, 4, 5, 6, 7]
    assert "2 rows are 0" in made.page.inner_text("#experiment")
    rings = made.page.evaluate(
        f"{POINTS}.flatMap(t => t.customdata.filter((_, i) => t.marker.symbol[i] === 'circle-open'))"
    )
    assert rings == [2]
    made.context.close()
    assert made.offences == []


def test_files_that_are_no_tables_are_left_out_and_named(tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    shutil.copy(RESULTS / "tables" / "width.csv", tmp_path / "tables")
    (tmp_path / "tables" / "empty.csv").write_text("")
    (tmp_path / "tables" / "folder.csv").mkdir()
    (tmp_path / "tables" / "letters.csv").write_bytes(b"a,b\n\xff,1\n")
    assert main(["report", f"results={tmp_path}"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("/")[-1].split(",")[0] for line in printed[:-1]] == ["empty.csv", "folder.csv", "letters.csv"]
    (tmp_path / "ledger.json").write_text("{")
    assert main(["report", f"results={tmp_path}"]) == 2
    assert "ledger.json is no ledger" in capsys.readouterr().err


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


def test_hostile_names_stay_text(browser, tmp_path):
    table = pd.read_csv(RESULTS / "tables" / "width.csv", dtype=str, keep_default_na=False)
    table.loc[:, "target"] = HOSTILE
    table.loc[0, "verdict"] = HOSTILE
    (tmp_path / "tables").mkdir()
    table.to_csv(tmp_path / "tables" / "width.csv", index=False)
    ledger = json.loads((RESULTS / "ledger.json").read_text())
    ledger["claims"][0]["title"] = HOSTILE
    (tmp_path / "ledger.json").write_text(json.dumps(ledger))
    assert main(["report", f"results={tmp_path}"]) == 0
    made = Opened(browser, tmp_path / "report.html")
    assert HOSTILE in made.page.inner_text("#ledger-list > details summary")
    for setting in ("colour", "across"):
        options = made.page.locator(f'#experiment select[data-filter="{setting}"] option').count()
        for index in range(options):
            made.page.locator(f'#experiment select[data-filter="{setting}"]').select_option(index=index)
    box = made.page.locator(".chart .points path.point").nth(1).bounding_box()
    made.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    made.page.wait_for_timeout(300)
    assert made.page.locator('img[src="x"], body script:not([type]) ~ b').count() == 0
    made.context.close()
    assert made.offences == []


def test_there_must_be_a_table(tmp_path, capsys):
    assert main(["report", f"results={tmp_path}"]) == 1
    assert "run varexp sweep first" in capsys.readouterr().err
