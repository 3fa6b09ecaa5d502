"""What every node stands on: parameters, executor, transport, diagnostics, transforms."""
