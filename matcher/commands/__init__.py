"""The commands of the command line, one file a group; what is heavy is imported when a command runs."""
