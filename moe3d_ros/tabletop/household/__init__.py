"""Tables as people have them, with things of every sort, as depth cameras see them: shapes, paint, what stands where, cameras."""
