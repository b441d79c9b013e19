"""How many recorded candidates a machine carries, measured on it."""
