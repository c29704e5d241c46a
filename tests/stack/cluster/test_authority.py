from __future__ import annotations

import datetime as dt

import hypothesis
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from stack.cluster.authority import SERVER_DAYS, Authority, days_left

NOW = dt.datetime(2030, 5, 6, 7, tzinfo=dt.UTC)
OURS, OTHERS = Authority.made("ours", NOW), Authority.made("another's", NOW)
# Of the same name: what a client sees of it before it looks at the signature.
NAMESAKE = Authority.made("ours", NOW)
LABEL = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(st.one_of(LABEL, st.ip_addresses().map(str)), min_size=1, max_size=4, unique=True)


def chain(pair: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pair)


@hypothesis.settings(max_examples=20, deadline=None)
@given(names=NAMES, days=st.integers(0, SERVER_DAYS - 1))
def test_a_certificate_is_taken_by_each_of_its_names_as_long_as_it_is_good(names: list[str], days: int) -> None:
    issued = chain(OURS.issue(names, NOW))
    then = NOW + dt.timedelta(days=days)
    assert OURS.problem(issued, names, then) is None
    assert days_left(issued[0], then) == SERVER_DAYS - days


@hypothesis.settings(max_examples=20, deadline=None)
@given(names=NAMES)
def test_a_certificate_is_refused_by_any_other_name(names: list[str]) -> None:
    issued = chain(OURS.issue(names, NOW))
    assert OURS.problem(issued, [*names, "somebody-else"], NOW) is not None
    assert OURS.problem(issued, ["192.0.2.77"], NOW) is not None or "192.0.2.77" in names


@pytest.mark.parametrize("other", [OTHERS, NAMESAKE], ids=["another name", "the same name"])
def test_a_certificate_of_another_authority_is_refused(other: Authority) -> None:
    issued = chain(other.issue(["store"], NOW))
    assert OURS.problem(issued, ["store"], NOW) is not None
    assert not OURS.has_signed(issued[0])
    assert other.problem(issued, ["store"], NOW) is None


@pytest.mark.parametrize("days", [-1, SERVER_DAYS + 1])
def test_a_certificate_is_good_in_its_time_alone(days: int) -> None:
    issued = chain(OURS.issue(["store"], NOW))
    assert OURS.problem(issued, ["store"], NOW + dt.timedelta(days=days)) is not None


def test_an_authority_without_its_key_issues_nothing() -> None:
    known = Authority.read(OURS.pem, None)
    assert known.problem(chain(OURS.issue(["store"], NOW)), ["store"], NOW) is None
    with pytest.raises(ValueError, match="kept elsewhere"):
        known.issue(["store"], NOW)


def test_an_authority_that_was_kept_goes_on() -> None:
    again = Authority.read(OURS.pem, OURS.key_pem)
    assert OURS.problem(chain(again.issue(["store"], NOW)), ["store"], NOW) is None
