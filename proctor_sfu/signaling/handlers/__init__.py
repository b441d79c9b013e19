"""What each request of a client does; one file per family of messages."""
