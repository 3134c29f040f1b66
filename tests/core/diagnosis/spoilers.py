"""Every way to spoil a delivery that diagnosis is tested with."""

from tests.core.diagnosis.spoilt_bodies import body_changes, form_changes
from tests.core.diagnosis.spoilt_secrets import secret_changes
from tests.core.diagnosis.spoilt_signatures import credentials_changes, signature_changes
from tests.core.diagnosis.spoilt_texts import text_changes
from tests.core.diagnosis.spoilt_urls import clock_changes, url_changes

SPOILERS = (
    *body_changes(),
    *form_changes(),
    *secret_changes(),
    *signature_changes(),
    *credentials_changes(),
    *text_changes(),
    *url_changes(),
    *clock_changes(),
)
