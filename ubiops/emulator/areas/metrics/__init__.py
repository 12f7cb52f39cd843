"""The area metrics: metrics of the user's own, and the values of their time series."""

from __future__ import annotations

from ubiops.emulator.core.migrations import migration

EMULATED = """
Metrics of your own and their values are kept: one value for each minute and each set of
labels. The platform's metrics are listed, but the emulator doesn't measure them:
`time_series_data_list` responds with status 501 for those. How the values of a minute
or a step are combined is a guess: those of a `delta` metric are added up, those of a
`gauge` metric averaged. A step for which a `gauge` metric has no value is left out.
"""

migration(
    7,
    "Adds metrics and time series.",
    """
CREATE TABLE metrics (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    UNIQUE (project, name)
);
CREATE TABLE time_series (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    metric INTEGER NOT NULL REFERENCES metrics ON DELETE CASCADE,
    labels TEXT NOT NULL,
    UNIQUE (metric, labels)
);
CREATE TABLE time_series_values (
    series INTEGER NOT NULL REFERENCES time_series ON DELETE CASCADE,
    minute INTEGER NOT NULL,
    total REAL NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (series, minute)
) WITHOUT ROWID;
""",
)
