"""The W&B workspace of a project as code: error and bounds against depth, their shares, ε's, width, verdicts, ledger.

Needs the extra `dashboard` (the package wandb-workspaces). Panels read what `chains.py` and `wandb_runs.py` log: runs
of job type `chain` hold a step for each depth, runs of job type `sweep` hold tables and figures.
"""

import json
from typing import Any

from varexp.theory.verdicts import Verdict

NAME = "varexp: errors beside bounds"
BOUNDS = ["bound_pointwise", "bound_telescoped_lower", "bound_printed_lower", "bound_keff_lower"]
ERROR = ["error_lower", "error_upper", "error_constant_lower"]


def workspace(entity: str, project: str) -> Any:
    """The workspace as an object of wandb-workspaces.

    Raises:
        ValueError: wandb-workspaces is not installed.
    """
    try:
        import wandb_workspaces.workspaces as ws
    except ImportError as error:
        raise ValueError("the dashboard needs wandb-workspaces: pip install 'varexp[dashboard]'") from error
    sections = [ws.Section(name=name, panels=panels, is_open=True) for name, panels in _panels().items()]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=NAME,
        sections=sections,
        settings=ws.WorkspaceSettings(x_axis="depth", max_runs=100, ignore_outliers=False),
        runset_settings=ws.RunsetSettings(
            groupby=[ws.Config("target"), ws.Config("kernel")],
            pinned_columns=["config:target", "config:kernel", "config:K", "config:training", "summary:verdict"],
        ),
    )


def _panels() -> dict[str, list[Any]]:
    """Panels by section."""
    import wandb_workspaces.reports.v2 as wr

    def lines(title: str, y: list[str], title_y: str, **options: Any) -> Any:
        said: dict[str, Any] = {"x": "depth", "title_x": "blocks n", "log_y": True, "max_runs_to_show": 100}
        return wr.LinePlot(title=title, y=y, title_y=title_y, **(said | options))

    by_target = {"groupby": wr.Config("target"), "groupby_aggfunc": "mean", "groupby_rangefunc": "minmax"}
    by_kernel = by_target | {"groupby": wr.Config("kernel")}
    width = {"x": wr.Config("width"), "log_x": True, "log_y": True}
    verdicts = [wr.SummaryMetric(f"verdicts/{verdict}") for verdict in (*Verdict, "none")]
    return {
        "Error and bounds against depth": [
            lines("Error, certified from both sides, and the best constant's", ERROR, "sup error", **by_target),
            lines("The bounds of Theorem 5.6 and Lemma 5.3", BOUNDS, "bound", **by_target),
            lines("Error by kernel", ["error_upper"], "sup error", **by_kernel),
        ],
        "How far below the bound": [
            lines("Error over the printed bound", ["error_over_printed"], "error / bound", **by_target),
            lines("Error over the telescoped bound", ["error_over_telescoped"], "error / bound", **by_target),
            lines("Error over the best constant's", ["error_over_constant"], "error / constant's", **by_target),
            lines("Growth of the error by a block", ["growth"], "error at n / error at n - 1", **by_target),
        ],
        "What the bound is made of": [
            lines("ε₁, of the interpolation, by kernel", ["eps_interpolation_upper"], "ε₁", **by_kernel),
            lines("ε₂, of the blocks, by kernel", ["eps_block_upper"], "ε₂", **by_kernel),
        ],
        "Width": [
            wr.ScatterPlot(title="Error against width", y=wr.SummaryMetric("error_upper"), **width),
            wr.ScatterPlot(title="ε₂ against width", y=wr.SummaryMetric("eps_block_upper"), **width),
        ],
        "Training": [
            lines(
                "Relative rms error while training, by stage",
                [],
                "rms error / rms of the aim",
                x="training/percent",
                title_x="percent of the steps",
                metric_regex="training/stage.*",
            )
        ],
        "Verdicts": [
            wr.BarPlot(title="Rows by verdict", metrics=verdicts, groupby=wr.Config("experiment")),
            wr.WeavePanelSummaryTable(table_name="tables/ledger"),
        ],
        "Figures and tables of sweeps": [
            wr.MediaBrowser(media_keys=[f"figures/{name}" for name in ("depth", "kernel", "width")]),
            wr.WeavePanelSummaryTable(table_name="tables/depth"),
        ],
    }


def serialised(entity: str, project: str) -> str:
    """The workspace as JSON, the same each time: identities that the library draws at random are left out."""
    model = workspace(entity, project)._to_model()
    found = json.loads(model.model_dump_json(by_alias=True, exclude_none=True))
    return json.dumps(_without_identities(found), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _without_identities(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_identities(entry) for key, entry in value.items() if key not in ("__id__", "id")}
    return [_without_identities(entry) for entry in value] if isinstance(value, list) else value


def push(entity: str, project: str) -> str:
    """Save the workspace on W&B; its address."""
    return str(workspace(entity, project).save().url)
