"""The task `logos`: found in photos, told by brand from a few references, and not where there is none."""
