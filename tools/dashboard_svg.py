#!/usr/bin/env python3
"""Draws a dashboard of k8s/components/dashboard as an SVG, of what a Prometheus answers.

usage: dashboard_svg.py DASHBOARD.json PROMETHEUS_URL SECONDS > picture.svg

Every panel is where Grafana would put it, with the queries that it would send, over the last
SECONDS: enough to see whether a dashboard shows what it should, where there is no Grafana."""

import json
import re
import sys
import time
import urllib.parse
import urllib.request
from xml.sax.saxutils import escape

COLUMN, ROW, GAP = 50, 34, 8
POINTS = 240
COLOURS = ("#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#8f8f8f", "#f2cc0c", "#1f78c1")
BACKGROUND = {"green": "#dff0d8", "orange": "#fde3c8", "red": "#f8d0d0"}
VARIABLE = re.compile(r"\$\w+")
LABEL = re.compile(r"{{(\w+)}}")
UNITS = {"bytes": ((2 ** 30, "GiB"), (2 ** 20, "MiB"), (2 ** 10, "KiB"), (1, "B")),
         "s": ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))}
MOST_LEGENDS = 4


class Prometheus:
    def __init__(self, url, seconds):
        self.url, self.end = url, time.time()
        self.start = self.end - seconds
        self.step = max(1, seconds / POINTS)

    def _ask(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}") as answer:
            return json.loads(answer.read())["data"]["result"]

    def now(self, expression):
        return self._ask("query", query=expression, time=self.end)

    def history(self, expression):
        return self._ask("query_range", query=expression, start=self.start, end=self.end,
                         step=self.step)


def number(value, unit):
    """A value as a person reads it."""
    for size, name in UNITS.get(unit, ()):
        if abs(value) >= size or size == 1:
            return f"{value / size:.3g} {name}"
    return f"{value:.4g}"


def legend(target, metric):
    return LABEL.sub(lambda label: metric.get(label.group(1), ""), target["legendFormat"])


class Panel:
    """One panel's frame, and what is drawn into it."""

    def __init__(self, panel, prometheus):
        place = panel["gridPos"]
        self.panel, self.prometheus = panel, prometheus
        self.x, self.y = place["x"] * COLUMN, place["y"] * ROW
        self.width, self.height = place["w"] * COLUMN - GAP, place["h"] * ROW - GAP
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        self.unit = defaults.get("unit", "none")
        self.steps = defaults.get("thresholds", {}).get("steps", [])
        self.parts = []

    def draw(self):
        draw = {"row": self.draw_row, "stat": self.draw_stat, "table": self.draw_table,
                "timeseries": self.draw_lines}[self.panel["type"]]
        draw()
        return "\n".join(self.parts)

    def text(self, x, y, text, size=12, anchor="start", weight="normal", fill="#333"):
        self.parts.append(
            f'<text x="{self.x + x:.1f}" y="{self.y + y:.1f}" font-size="{size}" fill="{fill}"'
            f' text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>')

    def frame(self, fill="#fff"):
        self.parts.append(f'<rect x="{self.x}" y="{self.y}" width="{self.width}" '
                          f'height="{self.height}" rx="3" fill="{fill}" stroke="#ccc"/>')
        self.text(8, 17, self.panel["title"], weight="bold")

    def each(self, ask):
        """(legend, result) of each series of each target."""
        for target in self.panel["targets"]:
            for result in ask(VARIABLE.sub(".*", target["expr"])):
                yield legend(target, result["metric"]), result

    def colour_of(self, value):
        colour = None
        for step in self.steps:
            if step["value"] is None or value >= step["value"]:
                colour = step["color"]
        return BACKGROUND.get(colour, "#fff")

    def draw_row(self):
        self.text(0, 20, self.panel["title"], size=15, weight="bold")

    def draw_stat(self):
        values = [(name, float(result["value"][1])) for name, result in
                  self.each(self.prometheus.now)]
        self.frame(self.colour_of(max((value for _, value in values), default=0)))
        for place, (name, value) in enumerate(values[:MOST_LEGENDS]):
            x = self.width * (2 * place + 1) / (2 * min(len(values), MOST_LEGENDS))
            self.text(x, self.height * 0.62, number(value, self.unit), 26, "middle")
            self.text(x, self.height - 12, name, 11, "middle", fill="#666")

    def draw_table(self):
        self.frame()
        for place, (name, result) in enumerate(self.each(self.prometheus.now)):
            if place < (self.height - 30) // 18:
                value = number(float(result["value"][1]), self.unit)
                self.text(12, 40 + 18 * place, f"{name}   {value}")

    def draw_lines(self):
        self.frame()
        series = [(name, [(float(at), float(value)) for at, value in result["values"]])
                  for name, result in self.each(self.prometheus.history)]
        values = [value for _, points in series for _, value in points]
        low, high = min([0, *values]), max([1, *values])
        shown = series[:MOST_LEGENDS]
        left, top, right, bottom = 64, 28, self.width - 12, self.height - 18 - 13 * len(shown)
        for y, value in ((top, high), (bottom, low)):
            self.parts.append(f'<path d="M{self.x + left},{self.y + y}H{self.x + right}" '
                              'stroke="#e4e4e4"/>')
            self.text(left - 6, y + 4, number(value, self.unit), 10, "end", fill="#666")
        for place, (_, points) in enumerate(series):
            self.line(points, COLOURS[place % len(COLOURS)], (left, top, right, bottom),
                      (low, high))
        for place, (name, _) in enumerate(shown):
            self.text(left, bottom + 16 + 13 * place, name, 10, fill=COLOURS[place])

    def line(self, points, colour, box, span):
        left, top, right, bottom = box
        low, high = span
        start, whole = self.prometheus.start, self.prometheus.end - self.prometheus.start
        path, before = "", None
        for at, value in points:
            x = self.x + left + (right - left) * (at - start) / whole
            y = self.y + bottom - (bottom - top) * (value - low) / (high - low)
            near = before is not None and at - before < 1.5 * self.prometheus.step
            path += f"{'L' if near else 'M'}{x:.1f},{y:.1f}" + ("" if near else "h.1")
            before = at
        self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6" '
                          'stroke-linecap="round"/>')


def picture(dashboard, prometheus):
    """The SVG's text."""
    panels = dashboard["panels"]
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in panels) * ROW
    drawn = "\n".join(Panel(panel, prometheus).draw() for panel in panels)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {24 * COLUMN + 8} '
            f'{height + 8}" font-family="sans-serif">\n'
            f"<title>{escape(dashboard['title'])}</title>\n"
            f'<rect x="-8" y="-8" width="100%" height="100%" fill="#f4f5f5"/>\n{drawn}\n</svg>\n')


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        dashboard = json.load(file)
    sys.stdout.write(picture(dashboard, Prometheus(sys.argv[2], float(sys.argv[3]))))


if __name__ == "__main__":
    main()
