"""No login, named password or secret of the environment is in what is told to others."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lakehouse.lineage import names, redaction

# Marked, so that no part of the text around it is one by chance.
SECRETS = st.text("abcXYZ019.%_~!$*+-@:", min_size=3, max_size=12).map(lambda text: f"q7{text}z9")


@example("q7p@ssw:rdz9")
@given(SECRETS)
def test_a_login_in_an_address_is_hidden(secret: str) -> None:
    for text in (
        f"could not connect to postgresql+psycopg2://ann:{secret}@db:5432/x, is it up?",
        f"mongodb+srv://{secret}@host/x",
        f"password={secret} host=db",
        f"{{'api_key': '{secret}'}}",
        f"Authorization: Bearer {secret}",
    ):
        assert secret not in redaction.redacted(text)
        assert secret not in str(redaction.redacted({"a": [text, 3]}))


@given(SECRETS)
def test_a_secret_of_the_environment_is_hidden_wherever_it_stands(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", secret)
        assert secret not in redaction.redacted(f"a{secret}b")


def test_what_is_no_secret_stays() -> None:
    text = "gold.x_scores: expected version 3 at s3://bucket/x, found 4; see https://host/docs?a=b"
    assert redaction.redacted(text) == text


def test_names_of_storage_have_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_ROOT", "s3://ann:hunter2@bucket/prefix")
    assert names.of("gold.x") == ("s3://bucket", "gold.x")
    assert names.location("gold.x") == "s3://***@bucket/prefix/gold/x"
