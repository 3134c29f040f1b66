"""The screens: they turn what widgets post into client calls, and what comes back into what widgets show."""
