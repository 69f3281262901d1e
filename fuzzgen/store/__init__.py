"""Journal, DuckDB schema and migrations, ingest, locked-down SQL. The one room that knows DuckDB."""
