"""What the measurements come to: statistics, a Markdown table and a chart (SVG)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

Row = dict[str, Any]
OURS = ("pliant", "pliant-nhwc")


def percentile(values: Sequence[float], percent: float) -> float:
    """Linear interpolation between the neighbours."""
    ordered = sorted(values)
    at = percent / 100 * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def rows(case: dict[str, Any]) -> list[Row]:
    """One a peer, fastest first. `to_best` is its median over that of the best of the other runtimes."""
    peers = case["peers"]
    medians = {name: statistics.median(peer["run_ms"]) for name, peer in peers.items()}
    others = [name for name in peers if name not in OURS]
    best = min(others, key=medians.__getitem__) if others else None
    result = []
    for name in sorted(peers, key=medians.__getitem__):
        peer = peers[name]
        load_first = [a + b for a, b in zip(peer["load_ms"], peer["first_ms"])]
        # GFLOP/s of the round's run over what the machine could do in that round.
        shares = [
            2e-6 * case["macs"] / ms / peak for ms, peak in zip(peer["run_ms"], case["fma_gflops"])
        ]
        row = {
            "peer": name,
            "median_ms": medians[name],
            "p10_ms": percentile(peer["run_ms"], 10),
            "p90_ms": percentile(peer["run_ms"], 90),
            "cpu_ms": statistics.median(peer["cpu_ms"]),
            "fma_share": statistics.median(shares),
            "load_ms": statistics.median(peer["load_ms"]),
            "first_ms": statistics.median(peer["first_ms"]),
            "load_first_ms": statistics.median(load_first),
            "exec_to_output_ms": statistics.median(peer["exec_to_output_ms"]),
            "peak_mb": peer["peak_mb"],
            "difference": peer["difference"],
        }
        if best is not None:
            pairs = zip(peer["run_ms"], peers[best]["run_ms"])
            row["to_best"] = medians[name] / medians[best]
            row["to_best_paired"] = statistics.median(own / other for own, other in pairs)
        result.append(row)
    return result


def _ratio(table: list[Row], field: str) -> str:
    """Pliant's figure over the least of the other runtimes'."""
    own = [row[field] for row in table if row["peer"] == "pliant"]
    others = [row[field] for row in table if row["peer"] not in OURS]
    return f"{own[0] / min(others):.2f}" if own and others else "-"


COLUMNS = (
    ("", lambda r: r["peer"]),
    ("median ms", lambda r: f"{r['median_ms']:.2f}"),
    ("p10", lambda r: f"{r['p10_ms']:.2f}"),
    ("p90", lambda r: f"{r['p90_ms']:.2f}"),
    ("to the best peer", lambda r: f"{r['to_best']:.2f}" if "to_best" in r else "-"),
    ("in pairs", lambda r: f"{r['to_best_paired']:.2f}" if "to_best_paired" in r else "-"),
    ("share of FMA peak", lambda r: f"{100 * r['fma_share']:.0f} %"),
    ("CPU ms a run", lambda r: f"{r['cpu_ms']:.1f}"),
    ("load ms", lambda r: f"{r['load_ms']:.1f}"),
    ("first run ms", lambda r: f"{r['first_ms']:.1f}"),
    ("load + first", lambda r: f"{r['load_first_ms']:.1f}"),
    ("exec to output", lambda r: f"{r['exec_to_output_ms']:.0f}"),
    ("peak MiB", lambda r: f"{r['peak_mb']:.0f}"),
    ("difference", lambda r: f"{r['difference']:.1e}"),
)


def markdown(report: dict[str, Any]) -> str:
    lines = [
        "# Pliant beside other runtimes",
        "",
        f"{report['machine']}, {report['threads']} threads on the cores {report['cores']}, float32, batch 1; "
        f"{report['date']}; {report['rounds']} rounds after {report['warmup']} runs to warm up.",
        "",
        "Versions: " + ", ".join(f"{name} {version}" for name, version in report["versions"].items()) + ".",
        "",
        f"Made by `{report['command']}`.",
    ]
    for case in report["cases"]:
        table = rows(case)
        peak = statistics.median(case["fma_gflops"])
        lines += ["", f"## {case['case']}", ""]
        lines += [f"{case['macs'] / 1e9:.2f} GMAC as direct products; FMA peak {peak:.0f} GFLOP/s.", ""]
        lines.append("| " + " | ".join(title for title, _ in COLUMNS) + " |")
        lines.append("|---" + "|---:" * (len(COLUMNS) - 1) + "|")
        lines += ["| " + " | ".join(cell(row) for _, cell in COLUMNS) + " |" for row in table]
        words = {"time": "median_ms", "load + first run": "load_first_ms", "peak memory": "peak_mb"}
        ratios = ", ".join(f"{word} {_ratio(table, field)}" for word, field in words.items())
        lines += ["", f"Pliant to the best other runtime: {ratios}."]
    return "\n".join(lines) + "\n"


BAR, GAP, LABEL, CHART = 18, 26, 150, 520
COLOURS = {True: "#1a7f5a", False: "#9aa5b1"}


def chart(report: dict[str, Any]) -> str:
    """Bars of median times, a group a case, each group to its own scale; whiskers from p10 to p90.

    A whisker that would leave the chart is cut off: one slow run must not make all bars short.
    """
    parts, y = [], 48
    for case in report["cases"]:
        table = rows(case)
        scale = 0.85 * CHART / max(row["median_ms"] for row in table)
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{escape(case["case"])}, ms</text>')
        y += 10
        for row in table:
            own, middle = row["peer"] in OURS, y + BAR / 2
            width = row["median_ms"] * scale
            low, high = LABEL + row["p10_ms"] * scale, LABEL + min(row["p90_ms"] * scale, CHART)
            parts += [
                f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(row["peer"])}</text>',
                f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 4}" fill="{COLOURS[own]}"/>',
                f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle - 2}" y2="{middle - 2}" stroke="#333"/>',
                f'<text x="{max(high, LABEL + width) + 6:.1f}" y="{y + 13}">{row["median_ms"]:.4g}</text>',
            ]
            y += BAR
        y += GAP
    title = f"{report['machine']}, {report['threads']} threads, float32, {report['date']}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + CHART + 90}" height="{y}" '
        'font-family="sans-serif" font-size="13">\n<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="10" y="22" font-size="15">{escape(title)}</text>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"
