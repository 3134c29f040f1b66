"""What is set as public_url, what the provider was really given, and what time both sides think it is."""

from collections.abc import Iterator
from dataclasses import replace

from inspector.core.diagnosis import Cause
from tests.core.diagnosis.deliveries import Sample
from tests.core.diagnosis.spoiling import Spoiler, Way
from tests.factories import NOW_S


def url_changes() -> Iterator[Spoiler]:
    """What is set as public_url, and what the provider was really given; or what the request itself says."""
    there = "https://shop.example/in/demo?b=2&a=1"
    for cause, name, here in (
        (Cause.URL_SCHEME, "http", there.replace("https", "http")),
        (Cause.URL_HOST, "another host", there.replace("shop", "news")),
        (Cause.URL_HOST, "the local address", there.replace("shop.example", "127.0.0.1:8400")),
        (Cause.URL_PORT, "with a port", there.replace("example", "example:8400")),
        (Cause.URL_PATH, "another path", there.replace("/in/demo", "/webhooks")),
        (Cause.URL_PATH, "no path", "https://shop.example/?b=2&a=1"),
        (Cause.URL_SLASH, "slash added", there.replace("demo?", "demo/?")),
        (Cause.URL_QUERY, "reordered", there.replace("b=2&a=1", "a=1&b=2")),
        (Cause.URL_QUERY, "longer", there + "&c=3"),
        (Cause.URL_SPELLING, "a space before it", " " + there),
    ):
        yield Spoiler(cause, name, _url(there, here))
    yield Spoiler(Cause.URL_SLASH, "slash lost", _url(there.replace("demo?", "demo/?"), there))
    yield Spoiler(Cause.URL_PORT, "port lost", _url(there.replace("example", "example:443"), there))
    yield Spoiler(Cause.URL_QUERY, "dropped by the provider", _url(there.partition("?")[0], there))
    spaced = there.replace("2", "x y")
    yield Spoiler(
        Cause.URL_ENCODING,
        "percent-encoded otherwise",
        _url(spaced.replace(" ", "%20"), spaced.replace(" ", "+")),
    )
    yield Spoiler(Cause.URL_HOST, "a proxy's Host", _forwarded)


def _url(there: str, here: str) -> Way:
    def way(sample: Sample) -> Sample | None:
        if not _signs_url(sample):
            return None
        signed = replace(sample, url=_hashed(sample, there))
        return replace(signed.signed(), url=_hashed(sample, here))

    return way


def _signs_url(sample: Sample) -> bool:
    return sample.provider.signs_url or sample.provider.name in {"contentful", "rfc9421"}


def _hashed(sample: Sample, url: str) -> str:
    """Return the URL with the hash of the body, for the one scheme that puts it there."""
    _, mark, digest = (sample.url or "").partition("&bodySHA256=")
    if not mark:
        return url
    stripped = url.rstrip()
    joint = "&" if "?" in url else "?"
    return f"{stripped}{joint}bodySHA256={digest}{url[len(stripped) :]}"


def _forwarded(sample: Sample) -> Sample | None:
    if not _signs_url(sample):
        return None
    signed = sample.signed().with_header("Host", b"127.0.0.1:8400")
    return replace(signed.with_header("X-Forwarded-Host", b"shop.example"), url=None)


def clock_changes() -> Iterator[Spoiler]:
    """Right signatures of another time."""
    for name, ahead_s in (
        ("14 h ago", 14 * 3600 + 180),
        ("3 days ago", 3 * 86_400),
        ("2 h ahead", -7200),
    ):
        yield Spoiler(Cause.CLOCK, name, _clock(ahead_s))


def _clock(ahead_s: int) -> Way:
    def way(sample: Sample) -> Sample | None:
        rule = sample.provider.time
        if rule is None or rule.tolerance_s is None or (ahead_s < 0 and rule.window == "past"):
            return None
        return replace(sample.signed(), now_s=NOW_S + ahead_s)

    return way
