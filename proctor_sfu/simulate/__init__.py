"""Simulated candidates and proctors with real media: the load of ``psfu simulate``, of rehearsals and of the tests.

A client like any other: it knows the signaling protocol and the control API, and nothing of the server's inside.
"""
