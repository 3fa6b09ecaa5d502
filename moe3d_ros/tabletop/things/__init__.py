"""Real tables with things of every sort on them, as depth cameras see them: shapes, paint, tables, cameras."""
