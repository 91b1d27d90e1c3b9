"""A workspace as one folder or file that can be put away, and the way back."""

from matcher.backup.making import BackupSummary, make_backup
from matcher.backup.restoring import RestoreSummary, restore_backup

__all__ = ["BackupSummary", "RestoreSummary", "make_backup", "restore_backup"]
