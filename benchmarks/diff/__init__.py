"""Two scans of the same listings held against each other: whose verdict changed, and by what evidence."""
