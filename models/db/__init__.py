"""DB text detectors: the network (architecture), the layouts of its checkpoints and what stands around it."""
