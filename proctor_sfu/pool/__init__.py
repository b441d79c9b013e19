"""The worker processes of one daemon as one resource."""
