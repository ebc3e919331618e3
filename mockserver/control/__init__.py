"""The control plane: looking into the mock, rewinding it, breaking it on purpose."""
