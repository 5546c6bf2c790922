"""One recipe a sample picture: each module has `make(seed) -> Sheet`."""
