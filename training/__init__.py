"""Making what ships: graphs, vocabularies, calibrations; runs from a clone, never from the wheel."""
