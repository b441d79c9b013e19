// Nothing: the library comes from the system.
