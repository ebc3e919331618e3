"""One file a behaviour: what the contract promises beside plain request and response."""
