"""Figures as a table in Markdown, each with its ratio to what it is compared with."""

UNITS = {"wall": ("wall", 1, "s", 2), "cpu": ("user+sys CPU", 1, "s", 2),
         "rss": ("peak RSS", 1024 * 1024, "MiB", 1), "requests": ("requests", 1, "", 0),
         "database": ("state.db, bytes a file", 1, "", 0),
         "server": ("emulator's CPU", 1, "s", 2),
         "short wall": ("wall", 0.001, "ms", 2), "short cpu": ("user+sys CPU", 0.001, "ms", 2)}
NONE = "–"


def cell(figure, value, base=None):
    if not value:
        return NONE
    _, divisor, unit, digits = UNITS[figure]
    text = f"{value / divisor:.{digits}f} {unit}".strip()
    return f"{text} ({value / base:.1f}×)" if base else text


def print_rows(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        padded = (text.ljust(width) for text, width in zip(row, widths))
        print("| " + " | ".join(padded) + " |")
    print(flush=True)


def cells(figure, values):
    """Those of a row; the ratio is to the first."""
    first, *others = values
    return [cell(figure, first), *(cell(figure, value, first) for value in others)]


def print_tables(title, medians, names):
    print(f"\n{title}\n")
    rows = [["phase", "figure", *names]]
    for phase in dict.fromkeys(phase for phase, _ in medians):
        for figure, (label, *_) in UNITS.items():
            values = [medians.get((phase, name), {}).get(figure) for name in names]
            if any(values):
                rows.append([phase, label, *cells(figure, values)])
    print_rows(rows)
