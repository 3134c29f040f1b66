"""Hooktap's terminal, a client of the inspector's API in a process of its own."""
