"""The drawings of an evaluation report, as SVG by matplotlib: curves, score distributions, bars by group."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, FixedFormatter, FixedLocator, FuncFormatter, NullLocator
from matplotlib.typing import RcKeyType
from scipy.stats import norm

from app.documents import fonts
from app.matching.evaluation.assessment import Assessment

#: Ink of the documents, their red, and grey; every series also differs in form, for paper without color.
INK, RED, GREY = "#1b2b45", "#9c1f1f", "#71767a"
_MILLIMETER = 1 / 25.4
_HALF, _WHOLE = (84, 62), (174, 58)
_STYLE: dict[RcKeyType, Any] = {
    "font.family": ["Public Sans"],
    "font.size": 7,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.5,
    "axes.labelcolor": "#1b1b1b",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dfe1e2",
    "grid.linewidth": 0.4,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "#1b1b1b",
    "ytick.labelcolor": "#1b1b1b",
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "lines.linewidth": 1.2,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "evaluation",
}


def plots(found: Assessment) -> dict[str, bytes]:
    """Name -> SVG: roc, det, scores, and cmc where people were searched for. The same numbers give the same bytes."""
    with mpl.rc_context(_style()):
        drawn = {"roc": _roc(found), "det": _det(found), "scores": _scores(found)}
        if found.identification is not None:
            drawn["cmc"] = _cmc(found.identification.cmc)
        return drawn


def bars(cells: Sequence[dict[str, Any]]) -> bytes:
    """FNMR and FMR of each cell (as in the record of an evaluation) with intervals, as SVG; small cells are hatched."""
    with mpl.rc_context(_style()):
        figure = Figure(figsize=_size(_WHOLE[0], 14 + 7 * len(cells)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for axes, key, title in ((left, "fnmr", "FNMR: same person, not accepted"), (right, "fmr", "FMR: accepted")):
            _bars(axes, cells, key)
            axes.set_title("FMR: different people, accepted" if key == "fmr" else title, fontsize=7, loc="left")
        left.set_yticks(range(len(cells)), [cell["name"] + (" *" if cell["small"] else "") for cell in cells])
        left.invert_yaxis()
        return _svg(figure)


def _bars(axes: Axes, cells: Sequence[dict[str, Any]], key: str) -> None:
    for row, cell in enumerate(cells):
        rate = cell[key]
        if rate is None:
            axes.text(0, row, " no pairs", va="center", color=GREY)
            continue
        face, hatch = ("white", "/////") if cell["small"] else (INK, None)
        axes.barh(row, rate["value"], height=0.55, edgecolor=INK, linewidth=0.6, facecolor=face, hatch=hatch)
        if rate["low"] is not None and rate["high"] is not None:
            axes.plot([rate["low"], rate["high"]], [row, row], color=RED, linewidth=0.8, marker="|", markersize=5)
    axes.set_xlim(0, 1.03 * axes.get_xlim()[1])
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))


def _roc(found: Assessment) -> bytes:
    figure, axes = _axes(_HALF)
    points, least = found.verification.curve, _least(found)[0]
    shown = points.false_accepts >= least
    # the best rate without any false accept stands at the left end, where the pairs can tell no smaller one
    start = points.true_accepts[~shown].max(initial=0)
    axes.step(
        np.r_[least, points.false_accepts[shown]],
        np.r_[start, points.true_accepts[shown]],
        "-",
        where="post",
        color=INK,
    )
    axes.set(xscale="log", xlim=(least, 1), ylim=(0, 1.03), xlabel="False accept rate", ylabel="True accept rate")
    axes.xaxis.set_major_formatter(FuncFormatter(_percent))
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    return _svg(figure)


def _det(found: Assessment) -> bytes:
    """Both error rates on normal-deviate axes (Martin et al., "The DET curve", 1997), where equal steps are equal
    skill."""
    figure, axes = _axes(_HALF)
    points, (least_far, least_miss) = found.verification.curve, _least(found)
    far = np.clip(points.false_accepts, least_far, 0.5)
    missed = np.clip(1 - points.true_accepts, least_miss, 0.5)
    inside = (points.false_accepts < 0.5) | (points.true_accepts < 0.5)
    axes.step(norm.ppf(far[inside]), norm.ppf(missed[inside]), "-", where="post", color=INK, clip_on=False)
    axes.plot(*[[norm.ppf(max(least_far, least_miss)), 0]] * 2, ":", color=GREY, linewidth=0.8)
    for axis, least in ((axes.xaxis, least_far), (axes.yaxis, least_miss)):
        shown = [least]
        for tick in (1e-5, 1e-4, 0.001, 0.01, 0.05, 0.1, 0.2, 0.5):
            # labels nearer than an eighth of the axis would run into each other
            if norm.ppf(tick) - norm.ppf(shown[-1]) > -norm.ppf(least) / 8:
                shown.append(tick)
        axis.set_major_locator(FixedLocator([float(norm.ppf(tick)) for tick in shown]))
        axis.set_major_formatter(FixedFormatter([f"≤ {100 * least:.1g} %", *(_percent(t, 0) for t in shown[1:])]))
        axis.set_minor_locator(NullLocator())
    axes.set(
        xlim=(norm.ppf(least_far), 0),
        ylim=(norm.ppf(least_miss), 0),
        xlabel="False match rate",
        ylabel="False non-match rate",
    )
    return _svg(figure)


def _scores(found: Assessment) -> bytes:
    figure, axes = _axes(_WHOLE)
    pairs = found.verification.comparisons
    edges = np.histogram_bin_edges(pairs.scores, 40)
    for kind, color, name, face, hatch in (
        (~pairs.genuine, RED, "Different people", "none", "/////"),
        (pairs.genuine, INK, "Same person", INK + "55", None),
    ):
        share = np.histogram(pairs.scores[kind], edges)[0] / kind.sum()
        axes.stairs(
            share,
            edges,
            fill=True,
            edgecolor=color,
            linewidth=0.8,
            label=f"{name} ({kind.sum():,} pairs)",
            facecolor=face,
            hatch=hatch,
        )
    for far, (threshold, _) in found.verification.at.items():
        if np.isfinite(threshold):
            axes.axvline(threshold, color="#1b1b1b", linewidth=0.7, linestyle="--" if far == found.plan.far[0] else ":")
    axes.set(xlabel="Cosine of the two templates", ylabel="Share of the pairs")
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    axes.legend(loc="upper left")
    return _svg(figure)


def _cmc(rates: np.ndarray) -> bytes:
    figure, axes = _axes(_HALF)
    shown = rates[:25]
    axes.step(range(1, len(shown) + 1), shown, "-o", where="post", color=INK, markersize=2.5, clip_on=False)
    axes.set(xlim=(1, max(len(shown), 2)), ylim=(0, 1.03), xlabel="Rank", ylabel="Found at this rank or better")
    whole = AutoLocator()
    whole.set_params(integer=True)
    axes.xaxis.set_major_locator(whole)
    axes.yaxis.set_major_formatter(FuncFormatter(_percent))
    return _svg(figure)


def _least(found: Assessment) -> tuple[float, float]:
    """The smallest FMR and FNMR above zero that the pairs can tell: one error in all pairs of the kind."""
    genuine = int(found.verification.comparisons.genuine.sum())
    impostor = len(found.verification.comparisons.scores) - genuine
    return min(1 / impostor, 0.25), min(1 / genuine, 0.25)


def _percent(share: float, _position: float) -> str:
    return f"{100 * share:.3g} %"


def _style() -> dict[RcKeyType, Any]:
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for face in fonts.faces():
        if str(face.path) not in known:
            font_manager.fontManager.addfont(face.path)
    return _STYLE


def _size(width: float, height: float) -> tuple[float, float]:
    return width * _MILLIMETER, height * _MILLIMETER


def _axes(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_size(*size), layout="constrained")
    return figure, figure.subplots()


def _svg(figure: Figure) -> bytes:
    # a canvas of its own: pyplot would keep every figure and look for a screen
    FigureCanvasSVG(figure)
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return written.getvalue()
