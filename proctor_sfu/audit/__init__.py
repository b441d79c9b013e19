"""Who did what to whom: records as JSON lines that rotate by size, written by a thread of their own."""
