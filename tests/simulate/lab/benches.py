"""A bench of any provider, with samples for material."""

from inspector import providers
from inspector.core import signing
from inspector.simulate import catalogue
from inspector.simulate.lab.bench import Bench
from inspector.simulate.lab.material import Samples

KNOWN = providers.load()
NOW_S = 1_790_000_000


def bench(name: str, *, url: str = "http://127.0.0.1:3000/app") -> Bench:
    """Return one with two secrets that are not those of anybody's inspector."""
    provider = KNOWN[name]
    signs = provider.signs
    return Bench(
        provider=provider,
        material=Samples(catalogue.find(provider)),
        secret=signing.sample_keys(provider, b"seed").signing if signs else None,
        other_secret=signing.sample_keys(provider, b"other").signing if signs else None,
        url=url,
        now_s=NOW_S,
    )
