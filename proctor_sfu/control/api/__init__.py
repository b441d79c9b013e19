"""What the control API carries: its requests and answers as types, one file for each noun.

HTTP/JSON below ``/v1`` on a Unix socket. Times are RFC 3339 in UTC, rates bits per second, sizes bytes. Answers only
ever gain members; a reader ignores what it does not know.
"""
