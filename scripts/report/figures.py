"""Figures of the verdict page as self-contained SVG text; equal data give equal bytes."""

import io
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, GRID, PASS, FAIL, EARTH = "#1b2733", "#d8dee5", "#1f7a4d", "#b3261e", "#6b8fb3"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "segment-2a",  # element ids would else be random
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": GRID,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
MARKS = "osD^vP*X"


def gates_figure(rows: list[dict[str, Any]], seeds: list[int]) -> str:
    """One strip a realism gate: seeds as marks, thresholds as lines, Earth as a bar, ceiling as a tick."""
    shown = [row for row in rows if row["axis"] == "realism"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(shown), 1, figsize=(8.2, 0.85 * len(shown) + 0.6), squeeze=False)
        for axis, row in zip(axes[:, 0], shown, strict=True):
            _strip(axis, row, seeds)
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="upper center", ncols=len(labels), frameon=False, fontsize=8)
        figure.tight_layout(rect=(0, 0, 1, 0.95))
        return _svg(figure)


def _strip(axis: Axes, row: dict[str, Any], seeds: list[int]) -> None:
    earth, ceiling = row["earth"] or {}, row["ceiling"] or {}
    if earth.get("interval"):
        low, high = earth["interval"]
        axis.axvspan(low, max(high, low + 0.004), color=EARTH, alpha=0.35, label="Earth")
    axis.axvline(row["b"], color=FAIL, lw=1.4, label="B")
    axis.axvline(row["bplus"], color=PASS, lw=1.4, ls="--", label="B+")
    if ceiling.get("value") is not None:
        axis.plot([ceiling["value"]], [0], marker="|", ms=16, color=INK, ls="", label="ceiling")
    for number, seed in enumerate(seeds):
        value = row["values"].get(str(seed))
        if value is not None:
            height = 0.55 - 0.37 * number  # one lane a seed, as seeds often agree
            axis.plot([value], [height], MARKS[number % len(MARKS)], color=INK, mfc="white", ms=5, label=f"seed {seed}")
    axis.set(xlim=(-0.03, 1.06), ylim=(-1, 1), yticks=[])
    note = "   (Earth itself fails B)" if earth.get("passes_b") is False else ""
    axis.set_title(f"{row['gate']}   {row['op']}{note}", loc="left", fontsize=9)
    axis.spines[["left", "right", "top"]].set_visible(False)


def countries_figure(tables: dict[int, pd.DataFrame], threshold: float) -> str:
    """Top-1 share of every C_multi country, one mark a seed, worst first; empty text when no seed has the cohort."""
    multi = {seed: table[table["is_c_multi"]] for seed, table in tables.items() if len(table)}
    shares_of = {seed: table.set_index("country_iso")["top1_share"] for seed, table in multi.items() if len(table)}
    if not shares_of:
        return ""
    order = pd.DataFrame(shares_of).max(axis=1).sort_values(kind="stable").index.tolist()
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8.2, 0.26 * len(order) + 1.0))
        for number, (seed, shares) in enumerate(shares_of.items()):
            heights = [order.index(country) for country in shares.index]
            axis.plot(shares, heights, MARKS[number % len(MARKS)], color=INK, mfc="none", ms=6, label=f"seed {seed}")
        axis.axvline(threshold, color=FAIL, lw=1.4, label="B (median)")
        axis.set(yticks=range(len(order)), yticklabels=order, xlabel="share of sites in the biggest zone")
        axis.grid(axis="x", color=GRID)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=6, frameon=False, fontsize=8)
        axis.spines[["right", "top"]].set_visible(False)
        figure.tight_layout()
        return _svg(figure)


def matrix_figure(matrix: pd.DataFrame) -> str:
    """Heat map of the share matrix of one seed, shares from 0.005 as numbers; empty text when there is none."""
    if not len(matrix):
        return ""
    shares = matrix.set_index("country_iso").drop(columns=["site_count"])
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8.2, 0.27 * len(shares) + 1.9))
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares.to_numpy()):
            if share >= 0.005:
                ink = "white" if share > 0.6 else INK
                axis.text(column, row, f"{share:.2f}", ha="center", va="center", fontsize=7, color=ink)
        axis.set_xticks(range(shares.shape[1]), shares.columns, rotation=45, ha="right", fontsize=8)
        axis.set_yticks(range(len(shares)), shares.index, fontsize=8)
        axis.spines[:].set_visible(False)
        figure.tight_layout()
        return _svg(figure)


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]
