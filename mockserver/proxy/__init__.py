"""A proxy between a client and the real API: it judges both by the contract, records, and can replay."""
