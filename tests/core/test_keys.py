import pytest

from inspector.core.formats import Encoding
from inspector.core.keys import KeyForm

STANDARD = KeyForm(strip=b"whsec_", decode=Encoding.BASE64)


@pytest.mark.parametrize(
    ("form", "secret", "key"),
    [
        (KeyForm(), "whsec_YQ==", b"whsec_YQ=="),
        (KeyForm(), b"\xff", b"\xff"),
        (KeyForm(), "é", "é".encode()),
        (KeyForm(), "\ud800", b"\xed\xa0\x80"),
        (KeyForm(), "", None),
        (STANDARD, "whsec_YQ==", b"a"),
        (STANDARD, "YQ==", b"a"),
        (STANDARD, "whsec_YQ", b"a"),
        (STANDARD, "whsec_", None),
        (STANDARD, "whsec_not base64", None),
        (KeyForm(decode=Encoding.HEX), "6162", b"ab"),
        (KeyForm(decode=Encoding.HEX), "616", None),
    ],
)
def test_secret_becomes_a_key(form: KeyForm, secret: bytes | str, key: bytes | None) -> None:
    """What is no key is None, and an empty key is no key: it would sign anything for anybody."""
    assert form.key(secret) == key


@pytest.mark.parametrize(
    ("form", "start"),
    [
        (KeyForm(), b""),
        (STANDARD, b"whsec_"),
        (KeyForm(prefix=b"whsec_"), b"whsec_"),
        (KeyForm(decode=Encoding.HEX), b""),
    ],
)
def test_sample_is_a_secret_of_this_form(form: KeyForm, start: bytes) -> None:
    """The same seed gives the same one, another name another."""
    sample = form.sample(b"seed", "jinko")

    assert sample.startswith(start)
    assert form.key(sample)
    assert sample == form.sample(b"seed", "jinko")
    assert sample not in {form.sample(b"seed", "slack"), form.sample(b"other", "jinko")}


@pytest.mark.parametrize("form", [KeyForm(), STANDARD, KeyForm(decode=Encoding.HEX)])
def test_a_key_is_written_as_its_secret(form: KeyForm) -> None:
    assert form.key(form.written(b"\x00key\xff")) == b"\x00key\xff"
    assert form.written(b"key").startswith(form.strip)
