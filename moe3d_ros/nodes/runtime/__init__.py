"""The ground of every node: parameters, executor, transport, diagnostics, transforms."""
