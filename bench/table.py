"""The medians as a table in Markdown, each with its ratio to the first contestant's."""

UNITS = {"wall": ("wall", 1, "s", 2), "cpu": ("user+sys CPU", 1, "s", 2),
         "rss": ("peak RSS", 1024 * 1024, "MiB", 1), "requests": ("requests", 1, "", 0)}


def cell(figure, value, base=None):
    _, divisor, unit, digits = UNITS[figure]
    text = f"{value / divisor:.{digits}f} {unit}".strip()
    return f"{text} ({value / base:.1f}×)" if base else text


def print_rows(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        padded = (text.ljust(width) for text, width in zip(row, widths))
        print("| " + " | ".join(padded) + " |")


def print_tables(scenario, medians, names, rounds):
    print(f"\n{scenario.title}, median of {rounds}\n")
    rows = [["phase", "figure", *names]]
    for phase in dict.fromkeys(phase for phase, _ in medians):
        for figure, (label, *_) in UNITS.items():
            if figure not in medians[phase, names[0]]:
                continue
            values = [medians[phase, name][figure] for name in names]
            rows.append([phase, label, cell(figure, values[0]),
                         *(cell(figure, value, values[0]) for value in values[1:])])
    print_rows(rows)
    print(flush=True)
