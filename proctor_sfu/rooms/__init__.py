"""The exam: rooms, peers, roles and who may do what."""
