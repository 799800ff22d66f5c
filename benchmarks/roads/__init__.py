"""The native server next to the Python server, its peers, and clients in C."""
