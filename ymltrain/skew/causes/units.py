"""Conversions and fill values that people use, to name a factor or a constant that was found."""

from __future__ import annotations

FACTORS: dict[float, str] = {
    2.54: "inches to centimetres",
    25.4: "inches to millimetres",
    0.3048: "feet to metres",
    0.9144: "yards to metres",
    1.609344: "miles to kilometres",
    0.45359237: "pounds to kilograms",
    453.59237: "pounds to grams",
    28.349523125: "ounces to grams",
    0.2: "carats to grams",
    3.785411784: "gallons to litres",
    3.6: "metres per second to kilometres per hour",
    1.852: "knots to kilometres per hour",
    4.1868: "calories to joules",
    1000.0: "thousands to ones, or kilo to the unit",
    1_000_000.0: "millions to ones",
    1_000_000_000.0: "nanoseconds per second",
    100.0: "fractions to per cent, or units to cents",
    10.0: "a factor of ten, as centimetres to millimetres",
    10_000.0: "fractions to basis points",
    60.0: "minutes to seconds",
    3600.0: "hours to seconds",
    1440.0: "days to minutes",
    86400.0: "days to seconds",
    24.0: "days to hours",
    7.0: "weeks to days",
    12.0: "years to months",
    57.29577951308232: "radians to degrees",
    1024.0: "kibi to the unit",
    1_048_576.0: "mebi to the unit",
    8.0: "bytes to bits",
    133.322387415: "mmHg to pascal",
    18.0182: "glucose mmol/l to mg/dl",
}

CONVERSIONS: dict[tuple[float, float], str] = {
    (1.8, 32.0): "degrees Celsius to Fahrenheit",
    (1 / 1.8, -32 / 1.8): "degrees Fahrenheit to Celsius",
    (1.0, 273.15): "degrees Celsius to kelvin",
    (1.0, -273.15): "kelvin to degrees Celsius",
}

FILLS = (0.0, 1.0, -1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, -99999.0, -2147483648.0, 2147483647.0)

NEAR = 1e-3


def named_factor(factor: float) -> str | None:
    """What multiplying by this is known as, in either direction."""
    for known, words in FACTORS.items():
        if abs(factor / known - 1) < NEAR:
            return words
        if factor and abs(factor * known - 1) < NEAR:
            return f"the reverse of {words}"
    return None


def describe_factor(factor: float) -> tuple[str, int]:
    """Words for a factor, and how many rows must agree before it is believed: known ones need fewer."""
    if abs(factor + 1) < 1e-6:
        return "the value's sign was turned", 2
    known = named_factor(factor)
    words = f"the value was multiplied by {factor:.6g}" + (f" ({known})" if known else "")
    return words, 1 if known else 2


def named_conversion(factor: float, offset: float) -> str | None:
    """The name of a conversion by factor and offset."""
    for (f, o), words in CONVERSIONS.items():
        if abs(factor - f) < 1e-3 * abs(f) and abs(offset - o) < 2e-3 * abs(o):
            return words
    return None


def is_default(value: float) -> bool:
    """Whether a value is one that programs fill in."""
    return any(abs(value - fill) <= 1e-5 * max(1.0, abs(fill)) for fill in FILLS)
