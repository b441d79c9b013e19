"""The WebSocket that browsers and other clients join through."""
