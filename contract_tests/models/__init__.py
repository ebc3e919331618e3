"""Reference models of the APIs, and the machines that compare a target with them step by step."""
