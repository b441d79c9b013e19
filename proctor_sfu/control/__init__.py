"""The control API: what operators and their commands ask of the daemon, over a Unix socket."""
