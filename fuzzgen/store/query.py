"""SQL from people: one statement, reading only, on a connection that can reach nothing else."""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzzgen.errors import QueryError, UnknownName, nearest
from fuzzgen.store.database import reading

_MISSING = re.compile(r'\b(?:name "?|column "|table ")(\w+)', re.IGNORECASE)

__all__ = ["NAMED", "NamedQuery", "run_query"]


@dataclass(frozen=True)
class NamedQuery:
    """A question that people ask often."""

    about: str
    sql: str


_WILSON = (  # 95 %
    "(hits / trials + 1.9207 / trials {sign} 1.96 * sqrt(hits / trials * (1 - hits / trials) / trials + 0.9604 / (trials *"
    " trials))) / (1 + 3.8415 / trials)"
)

NAMED: dict[str, NamedQuery] = {
    "trigger-rates": NamedQuery(
        "rates by threat and secret, from the random sampler's own stream only",
        "SELECT * FROM trigger_rates WHERE hits > 0 ORDER BY rate DESC",
    ),
    "findings": NamedQuery(
        "every finding with its rate and interval", "SELECT * FROM finding_summary ORDER BY created_at"
    ),
    "outcomes": NamedQuery(
        "episodes by model, phase and outcome",
        "SELECT model, phase, outcome, count(*) AS episodes FROM episodes GROUP BY ALL ORDER BY ALL",
    ),
    "deliberation": NamedQuery("thought × did × aware, per model", "SELECT * FROM deliberation ORDER BY ALL"),
    "awareness": NamedQuery(
        "rates of acts by whether the agent took it for a test, and pooled; random sampler's own stream only",
        "WITH counted AS (SELECT model, judge, behavior, coalesce(aware, 'pooled') AS aware, count(*) FILTER (outcome ="
        " 'hit') AS hits, count(*) AS trials FROM judged_episodes WHERE sampler = 'random' AND phase = 'explore' AND"
        " outcome IN ('hit', 'miss') GROUP BY GROUPING SETS ((model, judge, behavior, aware), (model, judge, behavior)))"
        f" SELECT *, hits / trials AS rate, greatest(0, {_WILSON.format(sign='-')}) AS low,"
        f" least(1, {_WILSON.format(sign='+')}) AS high FROM counted ORDER BY ALL",
    ),
    "controls": NamedQuery(
        "hits where the threat was taken away, beside the explored scenarios",
        "SELECT model, phase, count(*) FILTER (outcome = 'hit') AS hits, count(*) FILTER (outcome IN ('hit', 'miss'))"
        " AS trials, count(*) AS started FROM episodes WHERE phase IN ('explore', 'control') GROUP BY ALL",
    ),
    "spend": NamedQuery(
        "episodes, tokens and USD by run and phase",
        "SELECT run_id, model, phase, count(*) AS episodes, sum(prompt_tokens) AS prompt_tokens,"
        " sum(completion_tokens) AS completion_tokens, sum(cached_tokens) AS cached_tokens, sum(cost_usd) AS cost_usd"
        " FROM episodes GROUP BY ALL ORDER BY ALL",
    ),
    "declined": NamedQuery(
        "what stops a model at the edge",
        "SELECT e.model, v.judge, v.behavior, v.decline_reason, count(*) AS episodes FROM verdicts v JOIN episodes e"
        " USING (episode_id) WHERE v.declined GROUP BY ALL ORDER BY episodes DESC",
    ),
    "factor-effects": NamedQuery(
        "levels and pairs of levels that move a rate (log odds ratio whose interval excludes 0), random stream only",
        "SELECT * FROM factor_effects WHERE low > 0 OR high < 0 ORDER BY model, behavior, event, abs(effect) DESC",
    ),
    "disagreements": NamedQuery(
        "episodes on which two judges differ",
        # the rules give no row where they see nothing; other judges give one for each behavior
        "WITH others AS (SELECT DISTINCT episode_id, behavior FROM verdicts WHERE judge NOT LIKE 'rules%'), said AS ("
        "SELECT o.episode_id, o.behavior, coalesce(r.judge, 'rules') AS judge, coalesce(r.outcome, 'miss') AS outcome,"
        " r.stage FROM others o LEFT JOIN verdicts r ON r.episode_id = o.episode_id AND r.behavior = o.behavior AND"
        " r.judge LIKE 'rules%' UNION ALL SELECT episode_id, behavior, judge, outcome, stage FROM verdicts WHERE judge"
        " NOT LIKE 'rules%') SELECT b.episode_id, b.behavior, b.judge AS one, b.outcome AS one_says, b.stage AS"
        " one_stage, a.judge AS other, a.outcome AS other_says, a.stage AS other_stage FROM said a JOIN said b ON"
        " a.episode_id = b.episode_id AND a.behavior = b.behavior AND b.judge > a.judge AND a.outcome <> b.outcome"
        " ORDER BY ALL",
    ),
}


def named(name: str) -> str:
    """The SQL of a named query. Raises UnknownName."""
    if name not in NAMED:
        raise UnknownName("named query", name, NAMED)
    return NAMED[name].sql


def run_query(path: Path, sql: str, *, seconds: float = 120.0, most: int = 1_000_000_000) -> Any:
    """The result as a pyarrow Table, each column under a name of its own.

    Raises QueryError for SQL that does not run, takes longer than `seconds` or gives more than `most` bytes, and
    StorageError for the database.
    """
    import duckdb

    try:
        sql.encode()
    except UnicodeEncodeError:
        raise QueryError("the SQL is not text in UTF-8", fix="mend its quotes and escapes") from None
    with reading(path) as connection:
        late = threading.Timer(seconds, connection.interrupt)
        late.daemon = True
        late.start()
        try:
            statements = connection.extract_statements(sql)
            if len(statements) != 1:
                raise QueryError(f"{len(statements)} statements", fix="give one")
            kind = statements[0].type.name
            if kind not in ("SELECT", "EXPLAIN"):
                raise QueryError(f"{kind} is not allowed here", fix="this is for reading: use SELECT")
            return _collected(connection.sql(sql).to_arrow_reader(10_000), most)
        except duckdb.Error as error:
            if isinstance(error, duckdb.InterruptException):
                raise QueryError(f"it takes longer than {seconds:g} s", fix="ask for less, or add a LIMIT") from None
            raise _explained(connection, error) from None
        except OSError:  # pyarrow's
            raise QueryError("a text of more than 2 GB", fix="ask for less, for example left(column, 1000)") from None
        finally:
            late.cancel()


def _collected(reader: Any, most: int) -> Any:
    import pyarrow as pa

    batches, size = [], 0
    for batch in reader:
        size += batch.nbytes
        if size > most:
            raise QueryError(f"the result is larger than {most // 1_000_000} MB", fix="ask for less, or add a LIMIT")
        batches.append(batch)
    names: dict[str, None] = {}
    times: Counter[str] = Counter()
    for name in reader.schema.names:
        own = name
        while own in names:
            times[name] += 1
            own = f"{name}:{times[name]}"
        names[own] = None
    return pa.Table.from_batches(batches, schema=reader.schema).rename_columns(list(names))


def _explained(connection: Any, error: Exception) -> QueryError:
    import duckdb

    text = str(error).splitlines()[0][:400]
    if isinstance(error, duckdb.PermissionException):
        return QueryError(f"not allowed: {text}", fix="queries see this database only")
    rows = connection.execute("SELECT table_name, column_name FROM information_schema.columns").fetchall()
    names = {name for row in rows for name in row}
    missing = _MISSING.search(text)
    close = nearest(missing.group(1), names) if missing else []
    return QueryError(text, fix=f"did you mean {', '.join(close)}?" if close else "see docs/sql.md")
