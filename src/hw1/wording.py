"""Numbers as text."""


def number(value: float) -> str:
    """Three significant digits; 1000 and more in full, in groups of three."""
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value + 0.0:.3g}"  # + 0.0: without the sign of -0.0


def quantity(value: float, unit: str | None) -> str:
    """A number of some unit: percentages and their points to hundredths, others as `number`."""
    return f"{value:.2f}" if unit in ("%", "pp") else number(value)


def p_value(p: float) -> str:
    """A p-value with its sign of equality."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def seed_count(n: int) -> str:
    """How many seeds."""
    return "one seed" if n == 1 else f"{n} seeds"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is readable."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
