"""The subcommands of `leadmock`: for each of them a function `add_<name>` that adds its options and sets `run`."""
