"""What the daemon answers on its control socket, one file for each noun."""
