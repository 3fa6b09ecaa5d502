"""The embedded task world: blocks, bowls and zones on a table, seen by depth cameras, with an oracle and physics."""
