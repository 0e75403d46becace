"""How the fault language writes ranks, numbers and times."""


def names(ranks: tuple[int, ...]) -> str:
    """`tracker`, `client 3` or `clients 1-3,7`."""
    if ranks == (0,):
        return "tracker"
    spans: list[list[int]] = []
    for rank in ranks:
        if spans and rank == spans[-1][1] + 1:
            spans[-1][1] = rank
        else:
            spans.append([rank, rank])
    text = ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)
    return f"client{plural_s(ranks)} {text}"


def plural_s(ranks: tuple[int, ...]) -> str:
    return "" if len(ranks) == 1 else "s"


def number(value: float) -> str:
    """In decimal digits, up to six of them after the point: `4`, `2.5`."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def duration(time_s: float) -> str:
    """`2s`, `0.5s`, `20ms`; to a microsecond."""
    return f"{number(time_s * 1000)}ms" if 0 < time_s < 0.1 else f"{number(time_s)}s"
