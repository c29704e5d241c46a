"""A planted secret is in no text that is shown or kept, whatever form it has in a message or in the environment."""

import base64
import html
import io
import json
import logging
import re
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse import masking, settings
from lakehouse.settings import mlflow_access

# What a password may be, but for what occurs in any text.
SECRETS = st.text(
    string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?@[]^_{|}~/ ", min_size=8, max_size=30
).filter(lambda text: text.strip() == text and len(set(text)) > 4)
FORMS = ("plain", "quoted", "plus", "repr", "json", "bytes", "html", "lower", "twice", "base64", "header")
ADDRESSES = [
    "postgresql+psycopg2://user:{}@db:5432/x?sslmode=require",
    "mongodb+srv://user:{}@a,b/admin",
    "kafka://user:{}@one:9092,two:9092",
    "https://:{}@service/v1",
    "smtp://user:{}@mail:25",
    "redis://:{}@queue/0",
]


def environment(patch, secret):
    """The secret in each of the places in which a deployment has one."""
    encoded = quote(secret, safe="")
    for number, address in enumerate(ADDRESSES):
        patch.setenv(f"NIGHTJAR_CONNECTION_C{number}", address.format(encoded))
    patch.setenv("AIRFLOW_CONN_JSON", json.dumps({"conn_type": "http", "password": secret, "extra": {"token": secret}}))
    patch.setenv("AIRFLOW_CONN_TEXT", json.dumps({"conn_type": "http", "extra": json.dumps({"api_key": secret})}))
    for name in ("MLFLOW_TRACKING_PASSWORD", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "TEACHER_API_KEY"):
        patch.setenv(name, secret)


@given(SECRETS, st.sampled_from(FORMS), st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_a_secret_of_the_environment_is_left(secret, form, before, after):
    written = {
        "plain": secret,
        "quoted": quote(secret, safe=""),
        "plus": quote_plus(secret),
        "repr": repr(secret)[1:-1],
        "json": json.dumps(secret)[1:-1],
        "bytes": repr(secret.encode())[2:-1],
        "html": html.escape(secret),
        "lower": re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
        "twice": quote(quote(secret, safe=""), safe=""),
        "base64": base64.b64encode(secret.encode()).decode(),
        "header": base64.b64encode(f"user:{secret}".encode()).decode(),
    }[form]
    with pytest.MonkeyPatch.context() as patch:
        environment(patch, secret)
        said = masking.mask(f"{before} {written} {after}")
    assert written not in said or written in f"{before}{after}"


@given(SECRETS.filter(lambda text: "'" not in text), st.sampled_from(ADDRESSES))
def test_an_address_that_no_variable_has_shows_its_user_and_host_alone(secret, address):
    encoded = quote(secret, safe="")
    said = masking.mask(f"could not reach {address.format(encoded)}: timed out")
    assert encoded not in said and "timed out" in said and masking.STARS in said


@pytest.mark.parametrize(
    "said",
    [
        "GET https://host/x?api_key=abcdef123&page=2 failed",
        "sc://host:15002/;token=abcdef123;user_id=me",
        "Authorization: Bearer abcdef123.def.ghi",
        "connection string: host=db password=abcdef123 dbname=x",
    ],
)
def test_what_says_of_itself_that_it_is_a_secret_is_none_any_more(said):
    assert "abcdef123" not in masking.mask(said)


@pytest.mark.parametrize(
    ("said", "connection"),
    [
        (
            "sasl.password",
            {"conn_type": "kafka", "extra": {"sasl.password": "abcdef123", "ssl.key.location": "/keys/mine"}},
        ),
        ("ssl.key.pem", {"conn_type": "kafka", "extra": json.dumps({"ssl.key.pem": "abcdef123"})}),
        ("private_key", {"conn_type": "x", "extra": {"keyfile_dict": json.dumps({"private_key": "abcdef123"})}}),
        ("secret_key", {"conn_type": "x", "extra": {"secret_key": "abcdef123"}}),
        ("token", "http://ann@host/?__extra__=" + quote(json.dumps({"token": "abcdef123"}))),
    ],
)
def test_an_entry_of_a_connection_that_is_a_secret_is_known_by_its_name(monkeypatch, said, connection):
    monkeypatch.setenv("NIGHTJAR_CONNECTION_C", connection if isinstance(connection, str) else json.dumps(connection))
    assert masking.mask(f"{said} of /keys/mine is abcdef123") == f"{said} of /keys/mine is ***"


@pytest.mark.parametrize(
    "said",
    [
        "settings {'sasl.password': 'abc\\'def123', 'x': 1}",
        'answered {"access_token": "abc def123"}',
        "headers [('Authorization', b'abc def123')]",
    ],
)
def test_a_secret_entry_of_a_mapping_that_is_printed_is_masked(said):
    masked = masking.mask(said)
    assert "def123" not in masked and masking.STARS in masked


@pytest.mark.parametrize(
    "said",
    [
        "https://host:8443/v1/chat: expected an answer within 10 s",
        "s3://bucket/prefix: mail ann@example.org",
        "gold.x_scores@v12 of 2024-03-01: 4 rows; tokens=512, key=carrier",
    ],
)
def test_other_texts_stay(said):
    assert masking.mask(said) == said


def test_a_log_line_and_its_traceback_are_masked(monkeypatch):
    monkeypatch.setenv("NIGHTJAR_CONNECTION_DESK", "postgresql://u:Tr0ub4dor%263@h/d")
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(masking.MaskingFormatter("%(levelname)s %(message)s"))
    logger = logging.Logger("x")
    logger.addHandler(handler)
    try:
        raise ValueError("FATAL for Tr0ub4dor&3 at postgresql://u:Tr0ub4dor%263@h/d")
    except ValueError:
        logger.exception("failed with %s", "Tr0ub4dor&3")
    assert "Tr0ub4dor" not in out.getvalue() and "ValueError: FATAL for ***" in out.getvalue()


def test_mlflows_address_has_no_login_where_it_is_kept_and_its_client_has_it(monkeypatch):
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://nightjar:Tr0ub4dor%263@mlflow:5000/under")
    assert settings.load().mlflow_tracking_uri == "https://mlflow:5000/under"
    assert mlflow_access.login() == ("nightjar", "Tr0ub4dor&3")
    # Also for a library that reads the variable itself, and for a process that this one starts.
    assert settings.load().mlflow_tracking_uri == "https://mlflow:5000/under"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5000", "https://mlflow", "sqlite:////x/mlflow.db", "databricks", "https://h/a@b"]
)
def test_an_address_without_a_login_stays_as_it_is(monkeypatch, address):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert settings.load().mlflow_tracking_uri == address
