"""Make the pictures of the page on W&B: python docs/pictures.py.

`dashboard.png`: the line panels of configs/wandb_dashboard.json, drawn from the released table `depth` as W&B would
draw them from the runs of its chains. `leet.svg`: the terminal viewer on the runs of a small sweep; it needs tmux.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from rich.console import Console
from rich.text import Text

import varexp
from varexp.sweeps.tracking.chains import Chain, chains_of

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "docs" / "pages" / "assets"
COLUMNS = 3


def panels() -> Iterator[Mapping[str, Any]]:
    """The line panels of the dashboard that show a chain against its depth."""
    dashboard = json.loads((ROOT / "configs" / "wandb_dashboard.json").read_text(encoding="utf-8"))
    for section in dashboard["spec"]["section"]["panelBankConfig"]["sections"]:
        for panel in section["panels"]:
            if panel["viewType"] == "Run History Line Plot" and panel["config"]["xAxis"] == "depth":
                yield panel["config"]


def released() -> list[Chain]:
    """The chains of the released table `depth`, blocks that imitate f_i."""
    table = varexp.load_table("depth").query("training == 'stagewise'").astype(object)
    rows = table.where(table.notna(), None).to_dict("records")
    return chains_of([{"row": row, "curves": []} for row in rows])


def dashboard(chains: list[Chain]) -> None:
    """Draw the panels, each group of runs as its mean and its range."""
    found = list(panels())
    figure, grid = plt.subplots(-(-len(found) // COLUMNS), COLUMNS, figsize=(13, 10), constrained_layout=True)
    for axes, panel in zip(grid.flat, found, strict=False):
        by = panel["groupBy"].removesuffix(".value")
        for number, group in enumerate(dict.fromkeys(chain.config()[by] for chain in chains)):
            steps = [list(chain.steps()) for chain in chains if chain.config()[by] == group]
            for dash, metric in zip(("-", "--", ":", "-."), panel["metrics"], strict=False):
                points = [(p["depth"], p[metric]) for chain in steps for p in chain if metric in p]
                depths = sorted({depth for depth, _ in points})
                values = [[value for at, value in points if at == depth] for depth in depths]
                means = [sum(v) / len(v) for v in values]
                axes.plot(depths, means, dash, color=f"C{number}", label=f"{group} {metric}")
                axes.fill_between(depths, list(map(min, values)), list(map(max, values)), color=f"C{number}", alpha=0.1)
        axes.set_title(panel["chartTitle"], fontsize=8)
        axes.set(xlabel=panel["xAxisTitle"], ylabel=panel["yAxisTitle"], yscale="log")
        axes.legend(fontsize=5, frameon=False)
    for axes in grid.flat[len(found) :]:
        axes.set_axis_off()
    figure.savefig(ASSETS / "dashboard.png", dpi=110)


def leet() -> None:
    """Open the terminal viewer on a small sweep, choose a run, and keep what it shows."""
    wandb = Path(sys.executable).with_name("wandb")
    with tempfile.TemporaryDirectory(prefix="results-") as folder:
        small = ["experiment=depth", "scale=smoke", "tracking=wandb", f"results={folder}"]
        subprocess.run([sys.executable, "-m", "varexp", "sweep", *small], check=True, capture_output=True)
        look = f"TERM=xterm-256color COLORTERM=truecolor {wandb} leet {folder}/runs/wandb"
        subprocess.run(["tmux", "new-session", "-d", "-s", "leet", "-x", "150", "-y", "44", look], check=True)
        for key in ("", "Down", "Down", "Space", ""):
            time.sleep(2)
            subprocess.run(["tmux", "send-keys", "-t", "leet", key], check=True)
        shown = subprocess.run(
            ["tmux", "capture-pane", "-t", "leet", "-e", "-p"], capture_output=True, text=True, check=True
        )
        subprocess.run(["tmux", "kill-session", "-t", "leet"], check=True)
    text = shown.stdout.replace(folder, "results")
    with open("/dev/null", "w") as nothing:
        console = Console(record=True, width=150, file=nothing, force_terminal=True, color_system="truecolor")
        console.print(Text.from_ansi(text))
        made = console.export_svg(title="wandb leet results/runs/wandb")
    made = re.sub(r"@font-face \{.*?\}", "", made, flags=re.DOTALL)  # fonts of a server: the reader's own do
    (ASSETS / "leet.svg").write_text(made, encoding="utf-8")


if __name__ == "__main__":
    dashboard(released())
    leet()
