"""A column as the type a recipe gives it: what each value means.

Written rules. A `number` is a float64: integers, floats and decimals are converted (integers beyond 2^53 to the nearest
float64); text and booleans are no numbers. A `category` is text: integers in decimal, floats as Python prints them (1.0,
1e+16, float32 with its own digits), booleans as true and false, dates and times in ISO 8601, NaN as null. So a CSV file
and a Parquet file of the same table give the same features. A `text` is read as a category is.

A `boolean` is true or false; of numbers 1 and 0; of text, in any letter case and with spaces around, true/false,
yes/no, on/off, t/f, y/n, 1/0.

A `timestamp` is a moment, kept in microseconds in the column's time zone (`time_zone`, UTC where the recipe names none).
Dates are midnight. Text is ISO 8601 (2024-03-01, 2024-03-01T12:30, 2024-03-01 12:30:05.25+01:00, …Z), or of the
column's `format` in strftime's signs. A time without a zone is local time of the column's zone: the earlier of two that
a clock shows twice, an hour later where the clock jumps over it.

A `vector` is a list of numbers, or text that holds a JSON list; a null within counts as 0. Other nested and binary
columns cannot be read.

YT728 a value that is no boolean; YT729 no timestamp; YT730 no vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ymltrain.diagnostics import DataError
from ymltrain.plan.shapes import Reading

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

TRUE_WORDS = ("true", "yes", "on", "t", "y", "1")
FALSE_WORDS = ("false", "no", "off", "f", "n", "0")

ISO_8601 = (
    r"^\s*(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<minute>\d{2}:\d{2})(?::(?<second>\d{2}(?:[.,]\d{1,9})?))?\s*"
    r"(?<zone>[zZ]|[+-]\d{2}(?::?\d{2})?)?)?\s*$"
)
NOT_MISSING = "if the text means a missing value, add it to `null_values` of the datasource"


def read_column(column: pl.Series, name: str, reading: Reading) -> pl.Series | None:
    """The column as its type: Float64, String, Boolean, Datetime in a zone, or List of Float64; None when it does not fit.

    Raises DataError for a value that is not one of its type.
    """
    import polars as pl

    match reading.type:
        case "number":
            return column.cast(pl.Float64) if column.dtype.is_numeric() or column.dtype == pl.Null else None
        case "category" | "text":
            return _as_text(column) if is_readable(column.dtype) else None
        case "boolean":
            return read_booleans(column, name)
        case "timestamp":
            return read_timestamps(column, name, reading.time_zone, reading.format)
        case "vector":
            return read_vectors(column, name)


def is_readable(dtype: pl.DataType) -> bool:
    """Whether a column of this type can be read, as a category at least."""
    import polars as pl

    text_types = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null)
    return dtype.is_numeric() or (dtype.is_temporal() and dtype != pl.Duration) or isinstance(dtype, text_types)


def _as_text(column: pl.Series) -> pl.Series:
    import polars as pl

    if not column.dtype.is_float():
        return column.cast(pl.String)
    import numpy as np  # slow to load, and `check` has text columns far more often than floats read as text

    values = column.to_numpy()
    is_missing = np.isnan(values)
    return pl.Series(
        "values", [None if missing else str(value) for value, missing in zip(values, is_missing, strict=True)], pl.String
    )


def read_booleans(column: pl.Series, name: str) -> pl.Series | None:
    """A column as Boolean; None when its type does not fit."""
    import polars as pl

    if column.dtype == pl.Boolean:
        return column
    if column.dtype == pl.Null:
        return column.cast(pl.Boolean)
    if column.dtype.is_numeric():
        words = column.cast(pl.Float64)
        read = pl.select(pl.when(words == 1).then(True).when(words == 0).then(False)).to_series()
    elif isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        is_true, is_false = text.is_in(list(TRUE_WORDS)), text.is_in(list(FALSE_WORDS))
        read = pl.select(pl.when(is_true).then(True).when(is_false).then(False)).to_series()
    else:
        return None
    _refuse(column, read, "YT728", name, "neither true nor false", f"it may be {'/'.join(TRUE_WORDS)} or {'/'.join(FALSE_WORDS)}")
    return read.alias("values")


def read_timestamps(column: pl.Series, name: str, time_zone: str, written: str | None) -> pl.Series | None:
    """A column as Datetime in microseconds in a zone; None when its type does not fit."""
    import polars as pl

    if isinstance(column.dtype, pl.Datetime):
        moments = column.dt.cast_time_unit("us")
        return moments.dt.convert_time_zone(time_zone) if column.dtype.time_zone else _local(moments, time_zone)
    if column.dtype in (pl.Date, pl.Null):
        return _local(column.cast(pl.Datetime("us")), time_zone)
    if not isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        return None
    text = column.cast(pl.String)
    if written is None:
        read, is_time = _read_iso(text, time_zone)
        hint = "times are read as ISO 8601; for another form write `format` (%d.%m.%Y %H:%M) beside the column's type"
    else:
        read, is_time = _read_format(text, time_zone, written)
        hint = f"the recipe says they are of the form {written}"
    _refuse(column, pl.select(pl.when(is_time).then(True)).to_series(), "YT729", name, "no time", hint)
    return read.alias("values")


def read_vectors(column: pl.Series, name: str) -> pl.Series | None:
    """A column as List of Float64; None when its type does not fit."""
    import polars as pl

    if isinstance(column.dtype, pl.Array):
        column = column.arr.to_list()
    if isinstance(column.dtype, pl.List) and (column.dtype.inner.is_numeric() or column.dtype.inner == pl.Null):
        return column.cast(pl.List(pl.Float64)).list.eval(pl.element().fill_null(0.0))
    if column.dtype == pl.Null:
        return column.cast(pl.List(pl.Float64))
    if column.dtype != pl.String:
        return None
    try:
        read = column.str.json_decode(pl.List(pl.Float64))
    except pl.exceptions.PolarsError:
        wrong = next(value for value in column.drop_nulls() if not _is_vector(value))
        raise DataError(
            "YT730", f'column "{name}": "{wrong[:60]}" is no list of numbers', "write it as JSON: [0.5, 1, 2]"
        ) from None
    return read.list.eval(pl.element().fill_null(0.0))


def _is_vector(text: str) -> bool:
    import polars as pl

    try:
        pl.Series([text]).str.json_decode(pl.List(pl.Float64))
    except pl.exceptions.PolarsError:
        return False
    return True


def _read_iso(text: pl.Series, time_zone: str) -> tuple[pl.Series, pl.Series]:
    """Times in a zone, and which texts are times (one may be a time that the zone's clock jumps over)."""
    import polars as pl

    parts = text.str.extract_groups(ISO_8601).struct.unnest()
    clock = parts["minute"].fill_null("00:00") + ":" + parts["second"].fill_null("00").str.replace(",", ".", literal=True)
    shown = (parts["date"] + " " + clock).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    zone = parts["zone"].str.to_uppercase()
    is_local = zone.is_null()
    local = _local(shown, time_zone)
    if is_local.all():
        return local, shown.is_not_null()
    sign = pl.select(pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    hours = zone.str.extract(r"^[+-](\d{2})").cast(pl.Int64).fill_null(0)
    minutes = zone.str.extract(r"^[+-]\d{2}:?(\d{2})$").cast(pl.Int64).fill_null(0)
    offset = (sign * (hours * 60 + minutes) * 60_000_000).cast(pl.Duration("us"))
    moments = (shown - offset).dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone)
    return moments.zip_with(~is_local, local), shown.is_not_null()


def _read_format(text: pl.Series, time_zone: str, written: str) -> tuple[pl.Series, pl.Series]:
    import polars as pl

    read = text.str.to_datetime(written, time_unit="us", strict=False)
    if isinstance(read.dtype, pl.Datetime) and read.dtype.time_zone:
        return read.dt.convert_time_zone(time_zone), read.is_not_null()
    return _local(read, time_zone), read.is_not_null()


def _local(shown: pl.Series, time_zone: str) -> pl.Series:
    """Times as a zone's clock shows them."""
    local = shown.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    is_skipped = local.is_null() & shown.is_not_null()
    if not is_skipped.any():
        return local
    later = shown.dt.offset_by("1h").dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    return local.zip_with(~is_skipped, later)


def _refuse(column: pl.Series, read: pl.Series, code: str, name: str, what: str, hint: str) -> None:  # noqa: PLR0913 - one error
    """Raise DataError for the first value that was there and could not be read."""
    is_wrong = read.is_null() & column.is_not_null()
    if is_wrong.any():
        position = int(is_wrong.arg_true()[0])
        count = int(is_wrong.sum())
        more = f" ({count:,} such values in {len(column):,} rows)" if count > 1 else ""
        raise DataError(code, f'column "{name}": "{str(column[position])[:60]}" is {what}{more}', f"{hint}; {NOT_MISSING}")


def read_moments(column: pl.Series) -> npt.NDArray[np.float64]:
    """Times as seconds since 1970, or numbers as they are: float64 `[n]`, NaN where a value is missing.

    Raises DataError (YT729) where a column holds neither.
    """
    import polars as pl

    name, column = column.name, column.alias("values")
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).to_numpy()
    numbers = column.cast(pl.Float64, strict=False) if column.dtype == pl.String else None
    if numbers is not None and numbers.null_count() == column.null_count():
        return numbers.to_numpy()
    moments = read_timestamps(column, name, "UTC", None)
    if moments is None:
        raise DataError("YT729", f'column "{name}" holds {column.dtype}, which is no time', "go by a column of times")
    return moments.dt.epoch("us").cast(pl.Float64).to_numpy() / 1e6
