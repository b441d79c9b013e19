"""One file for each screen: it asks for nothing, it is told what to show."""
