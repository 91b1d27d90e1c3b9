"""The task `text`: wordmarks and near misses in photos, drawn ones and real ones, read and matched."""
