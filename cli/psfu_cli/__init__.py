"""The command line of psfu."""
