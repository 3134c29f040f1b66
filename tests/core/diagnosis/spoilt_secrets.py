"""What happens to secrets when they are copied: the one set here, and the sender's own."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace

from inspector.core.diagnosis import Cause
from inspector.core.formats import Encoding
from inspector.core.keys import KeyForm
from inspector.core.providers import Scheme
from tests.core.diagnosis.deliveries import Sample
from tests.core.diagnosis.spoiling import SHARED, Spoiler, Way


def secret_changes() -> Iterator[Spoiler]:
    """What happens to secrets when they are copied: what is set here, and what the sender has."""
    for cause, name, spoil in (
        (Cause.SECRET_WHITESPACE, "a line break here", lambda secret: secret + b"\n"),
        (Cause.SECRET_WHITESPACE, "a CRLF here", lambda secret: secret + b"\r\n"),
        (Cause.SECRET_WHITESPACE, "spaces around it here", lambda secret: b"  " + secret + b" "),
        (Cause.SECRET_WHITESPACE, "wrapped here", lambda secret: secret[:9] + b"\n" + secret[9:]),
        (Cause.SECRET_WHITESPACE, "invisible here", lambda secret: b"\xe2\x80\x8b" + secret),
        (Cause.SECRET_QUOTES, "double quotes here", lambda secret: b'"' + secret + b'"'),
        (Cause.SECRET_QUOTES, "single quotes here", lambda secret: b"'" + secret + b"'\n"),
        (
            Cause.SECRET_QUOTES,
            "curly quotes here",
            lambda secret: b"\xe2\x80\x9c" + secret + b"\xe2\x80\x9d",
        ),
        (Cause.SECRET_LINE, "the whole line here", lambda secret: b"WEBHOOK_SECRET=" + secret),
        (
            Cause.SECRET_LINE,
            "a quoted line here",
            lambda secret: b'export A_B = "' + secret + b'"\n',
        ),
        (Cause.SECRET_LINE, "a line of YAML here", lambda secret: b"secret: '" + secret + b"'"),
    ):
        yield Spoiler(cause, name, _here(spoil))
    for cause, name, spoil in (
        (Cause.SECRET_WHITESPACE, "a line break there", lambda key: key + b"\n"),
        (Cause.SECRET_WHITESPACE, "a space there", lambda key: key + b" "),
        (Cause.SECRET_QUOTES, "quotes there", lambda key: b'"' + key + b'"'),
        (Cause.SECRET_ENCODING, "hex there", lambda key: key.hex().encode()),
        (Cause.SECRET_ENCODING, "base64 there", base64.b64encode),
    ):
        yield Spoiler(cause, name, _key_there(spoil))
    yield Spoiler(Cause.SECRET_OF_OTHER, "the live one", _other)
    yield Spoiler(Cause.SECRET_ENCODING, "text there", _text_there)
    yield Spoiler(
        Cause.SECRET_ENCODING, "decoded from base64 there", _decoded_there(Encoding.BASE64)
    )
    yield Spoiler(Cause.SECRET_ENCODING, "decoded from hex there", _decoded_there(Encoding.HEX))
    yield Spoiler(Cause.SECRET_PREFIX, "kept there", _prefix_kept)
    yield Spoiler(Cause.SECRET_PREFIX, "cut there", _prefix_cut)
    yield Spoiler(Cause.SECRET_PREFIX, "lost here", _prefix_lost)
    yield Spoiler(Cause.SECRET_PREFIX, "Bearer there", _bearer)
    yield Spoiler(Cause.SECRET_ORDER, "exchanged", _exchanged)
    yield Spoiler(Cause.SECRET_USER, "another user", _another_user)
    yield Spoiler(Cause.KEY_FORM, "PEM", _key_form("PEM"))
    yield Spoiler(Cause.KEY_FORM, "DER in hex", _key_form("DER"))
    yield Spoiler(Cause.KEY_PRIVATE, "the private key", _private)


def _here(spoil: Callable[[bytes], bytes]) -> Way:
    """Spoil the secret that is set here."""

    def way(sample: Sample) -> Sample | None:
        if sample.provider.is_asymmetric:
            return None
        signed = sample.signed()
        spoiled = replace(signed, secret=spoil(signed.secret))
        # A decoder may well skip what was added.
        right = signed.provider.secret.key(signed.secret)
        return None if signed.provider.secret.key(spoiled.secret) == right else spoiled

    return way


def _key_there(spoil: Callable[[bytes], bytes]) -> Way:
    """Spoil the text that the sender makes its key of."""

    def way(sample: Sample) -> Sample | None:
        provider = sample.provider
        if provider.scheme not in SHARED or provider.secret.decode:
            return None
        key = spoil(sample.signing)
        if provider.scheme is Scheme.TOKEN and key != key.strip():
            return None  # HTTP does not carry it
        return sample.signed(key=key)

    return way


def _other(sample: Sample) -> Sample | None:
    others = (("shop", b"not this"), ("shop-live", sample.secret), ("news", b"nor this"))
    wrong = sample.provider.secret.sample(b"another", sample.provider.name)
    if sample.provider.is_asymmetric:
        wrong = sample.provider.secret.written(b"\x01" * 32)
    return replace(sample.signed(), secret=wrong, others=others)


def _text_there(sample: Sample) -> Sample | None:
    """The sender signs with the text, where it should have decoded it."""
    form = sample.provider.secret
    if sample.provider.scheme not in SHARED or not form.decode:
        return None
    raw = replace(sample.provider, secret=KeyForm())
    return sample.signed(raw, sample.secret.removeprefix(form.strip))


def _decoded_there(encoding: Encoding) -> Way:
    """The sender decodes what it should have used as text."""

    def way(sample: Sample) -> Sample | None:
        form = sample.provider.secret
        if sample.provider.scheme not in {Scheme.HMAC, Scheme.DIGEST} or form.decode:
            return None
        raw = b"0123456789abcdef0123"
        text = form.strip + form.prefix + encoding.text_of(raw)
        signed = sample.signed(replace(sample.provider, secret=KeyForm()), raw)
        return replace(signed, secret=text)

    return way


def _prefix_kept(sample: Sample) -> Sample | None:
    form = sample.provider.secret
    if sample.provider.scheme not in SHARED or form.decode:
        return None
    bare = replace(sample, secret=b"whsec_abcdefghij123456")
    if form.strip:
        return bare.signed(replace(sample.provider, secret=KeyForm()), b"whsec_abcdefghij123456")
    return replace(bare.signed(key=b"whsec_abcdefghij123456"), secret=b"abcdefghij123456")


def _prefix_cut(sample: Sample) -> Sample | None:
    form = sample.provider.secret
    if sample.provider.scheme not in SHARED or form.decode or form.strip:
        return None
    return replace(sample.signed(key=b"abcdefghij123456"), secret=b"whsec_abcdefghij123456")


def _prefix_lost(sample: Sample) -> Sample | None:
    form = sample.provider.secret
    if not form.prefix:
        return None
    return replace(sample.signed(), secret=sample.secret.removeprefix(form.prefix))


def _bearer(sample: Sample) -> Sample | None:
    if sample.provider.scheme is not Scheme.TOKEN:
        return None
    return sample.signed(key=b"Bearer " + sample.secret)


def _exchanged(sample: Sample) -> Sample | None:
    if sample.provider.scheme is not Scheme.BASIC:
        return None
    return replace(sample.signed(), secret=b":".join(reversed(sample.secret.split(b":"))))


def _another_user(sample: Sample) -> Sample | None:
    if sample.provider.scheme is not Scheme.BASIC:
        return None
    return sample.signed(key=b"somebody:" + sample.secret.split(b":")[1])


def _key_form(form: str) -> Way:
    def way(sample: Sample) -> Sample | None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import Encoding as Written
        from cryptography.hazmat.primitives.serialization import PublicFormat, load_der_public_key

        if not sample.provider.is_asymmetric:
            return None
        raw = sample.provider.secret.key(sample.secret) or b""
        ed25519 = sample.provider.scheme is Scheme.ED25519
        key = Ed25519PublicKey.from_public_bytes(raw) if ed25519 else load_der_public_key(raw)
        written = key.public_bytes(
            Written.PEM if form == "PEM" else Written.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return replace(sample.signed(), secret=written if form == "PEM" else written.hex().encode())

    return way


def _private(sample: Sample) -> Sample | None:
    if not sample.provider.is_asymmetric:
        return None
    return replace(sample.signed(), secret=sample.signing)
