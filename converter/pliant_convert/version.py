"""The converter's version; model files carry it."""

VERSION = "0.1.0"
