"""The documentation as a site: built with warnings as errors, opened from disk, searched without a network."""

import os
import shutil
import subprocess
import sys

import pytest
from pages import ROOT

pytestmark = pytest.mark.slow


def build(folder, source=ROOT / "docs"):
    words = [sys.executable, "-m", "mkdocs", "build", "-f", str(source / "mkdocs.yml"), "-d", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there_and_holds_what_it_takes_from_the_project(site):
    pages = {
        path.relative_to(ROOT / "docs" / "pages").with_suffix(".html")
        for path in (ROOT / "docs" / "pages").rglob("*.md")
    }
    assert all((site / page).exists() for page in pages)
    texts = {page.as_posix(): (site / page).read_text(encoding="utf-8") for page in pages}
    assert "Saturating" in texts["howto/target.html"]
    assert "error_constant_lower" in texts["reference/columns.html"]
    assert "lem-4.4" in texts["reference/claims.html"]
    assert "sup_norm" in texts["reference/functions.html"]
    assert not [name for name, text in texts.items() if "@source(" in text or "@include(" in text]


def test_the_control_a_broken_link_fails_the_build(tmp_path):
    """Nothing but the page differs."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for name in ("tests", "varexp", "results", "CHANGELOG.md"):
        os.symlink(ROOT / name, tmp_path / name)
    with (tmp_path / "docs" / "pages" / "faq.md").open("a") as file:
        file.write("\n[nowhere](nowhere.md)\n")
    done = build(tmp_path / "site", tmp_path / "docs")
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr + done.stdout


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_opens_from_disk_and_its_search_finds_things(site, browser):
    offences = []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: offences.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: offences.append(str(error)))
    page.on("request", lambda request: offences.append(request.url) if request.url.startswith("http") else None)
    for path in sorted(set(site.rglob("*.html")) - {site / "404.html"}):  # that one is for servers
        page.goto(path.as_uri())
    page.goto((site / "index.html").as_uri())
    page.fill(".md-search__input", "vacuous")
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    found = page.locator(".md-search-result__link").evaluate_all("all => all.map(link => link.href)")
    page.close()
    assert any("faq.html" in link for link in found)
    assert offences == []
