"""`scripts/bench`: what the marks come to, all in one run on one machine, as ratios where there is a peer.

Contestants run as processes of their own and take turns within each round, so that what else the machine does falls
on all of them. A figure is the median of the rounds; beside it stand the lowest and the highest.
"""
