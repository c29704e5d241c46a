"""Addresses, numbers and secrets in a text: found in the ways in which they are written, and nothing else is."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.corpus import pii

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0Z\nq3b7==\n-----END RSA PRIVATE KEY-----"
FOUND = {
    pii.EMAIL: (
        "jane.doe@example.com",
        "j+tag@mail.example.co.uk",
        "o'brien@example.org",
        "müller@bücher.de",
        "jane [at] example [dot] org",
        "jane (at) example.org",
    ),
    pii.PHONE: (
        "+49 30 1234567",
        "+44 (0)20 7946 0958",
        "+14155550132",
        "+1 555 123 4567",
        "0049 30 12345678",
        "(415) 555-0132",
        "415-555-0132",
        "1-415-555-0132",
        "020 7946 0958",
        "01 23 45 67 89",
        "030/1234567",
        "+86 138 1234 5678",
    ),
    pii.IP: ("93.184.216.34", "2a00:1450:4001:82a::200e", "2001:4860:4860::8844"),
    pii.IBAN: ("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "NO93 8601 1117 947", "de89370400440532013000"),
    pii.CARD: (
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "378282246310005",
        "3782 822463 10005",
        "6011000990139424",
        "30569309025904",
    ),
    pii.SECRET: (
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "github_pat_11ABCDEFG0123456789_abcdef",
        "sk-proj-abc123ABC123abc123ABC123",
        "hf_" + "aB3" * 12,
        "xoxb-123456789012-abcdefABCDEF",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        KEY,
    ),
}
CASES = [(kind, text) for kind, texts in FOUND.items() for text in texts]
NOTHING = (
    "version 1.2.3.4 and v10.20.30.40, numpy==1.26.40.2, Agent/120.0.99.1",
    "10.0.0.1, 127.0.0.1, 192.168.1.20, 192.0.2.1, 169.254.0.1, 0.0.0.0, 224.0.0.251, 999.1.20.30",
    "fe80::1, ::1, 2001:db8::7, 2024:01:02 10:11:12, std::vector, 00:1B:44:11:3A:B7",
    "ISBN 978-3-16-148410-0, ISBN 0-306-40615-2, ISSN 2049-3630, doi 10.1000/182-555-1234",
    "2024-01-02T10:11:12+01:00, 01.02.2024, 2024/01/02 10:11, call: 2024-01-02",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709 550e8400-e29b-41d4-a716-446655440000",
    "3.14159265358979, 1,234,567,890, 1234567890123, 0.4111111111111111, 1e+1234567890",
    "0 12 345 678 901 234 567 890 12 34",
    "4111 1111 1111 1112 and 4242",
    "DE89 3704 0044 0532 0130 01",
    "x+1234567890 and C++20230101",
    "git@github.com:who/what.git, logo@2x.png, @app.route, a @ b, user@localhost",
    "sk-toggleable__content-arrow-something, AKIA, hf_hub_download, npm_config_registry",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "postgresql://user:password@localhost/db and https://example.org:8080/path",
)
BESIDE = st.sampled_from(
    [" ", ", ", "\n", ": ", " (", "-", ".", "@", "+", "0", "a", ":", "/", "", "\u00a0", "é", "://", "Tel.: "]
)
PIECES = st.one_of(
    st.sampled_from([text for _, text in CASES]), st.text(max_size=5), st.text("0123456789 +-.@:()", max_size=14)
)


def kinds(text: str) -> list[str]:
    return [one.kind for one in pii.find(text)]


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_each_is_found_as_a_whole_within_a_sentence(kind: str, text: str) -> None:
    before = "Please write to "
    assert pii.find(f"{before}{text}, or come by.") == [(kind, len(before), len(before) + len(text))]
    assert pii.redact(f"{before}{text}, or come by.") == f"{before}<{kind.upper()}>, or come by."


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_one_is_not_found(text: str) -> None:
    assert [text[one.start : one.end] for one in pii.find(text)] == []
    assert pii.redact(text) == text


def test_a_number_that_is_named_so_is_one() -> None:
    assert pii.redact("Tel.: 555 0132, Fax: 555-0133") == "Tel.: <PHONE>, Fax: <PHONE>"
    assert kinds("The room has 555 0132 seats") == []


def test_a_password_in_an_address_is_a_secret() -> None:
    assert pii.redact("redis://:s3cr3t@cache/0") == "redis://:<SECRET>@cache/0"


def test_a_private_key_without_an_end_goes_as_far_as_it_looks_like_one() -> None:
    text = "-----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA0Z\nq3b7\n\nWhat follows it stays."
    assert pii.redact(text) == "<SECRET>\n\nWhat follows it stays."


def test_they_are_counted_by_kind() -> None:
    text = "a.b@example.com, c.d@example.com; +49 30 1234567; 93.184.216.34"
    assert pii.counts(text) == {"email": 2, "ip": 1, "phone": 1}
    assert pii.counts("Nothing of that kind.") == {}


@given(st.lists(st.tuples(PIECES, BESIDE), max_size=6))
@settings(max_examples=50, deadline=None)
def test_what_is_found_lies_in_order_and_nothing_is_found_in_the_redacted_text(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + beside for piece, beside in pieces)
    found = pii.find(text)
    assert all(one.start < one.end for one in found)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
    assert sum(pii.counts(text).values()) == len(found)
    assert pii.counts(pii.redact(text)) == {}


@pytest.mark.parametrize(
    "unit",
    [
        "1 ",
        "+1",
        "0 0",
        "a@",
        "@",
        "a@b.",
        "(at) a.",
        "-----BEGIN PRIVATE KEY-----\n",
        "4111 ",
        "eyJa.",
        "DE89 ",
        "://a:",
    ],
)
def test_a_long_line_of_the_same_is_read_to_its_end(unit: str) -> None:
    text = unit * (100_000 // len(unit)) + "; jane.doe@example.com"
    found = pii.find(text)
    assert found[-1].kind == pii.EMAIL
    assert found[-1].end == len(text)


def test_of_very_many_numbers_what_has_the_shape_is_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.corpus.phones.MOST_LOOKED_UP", 2)
    text = "\n".join(["0123 9 9 9 9 9 9"] * 5)
    assert pii.counts(text) == {"phone": 3}
    assert pii.counts(pii.redact(text)) == {}
