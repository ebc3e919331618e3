"""Contract tests: what the contracts promise, tried over HTTP against the mock or against any implementation."""
