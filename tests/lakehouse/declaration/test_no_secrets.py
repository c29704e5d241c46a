"""A declaration that holds a secret is refused, and no message shows it; what only looks a little like one is read."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration import yaml_file
from lakehouse.errors import DeclarationError
from lakehouse.settings import PROJECT_ROOT

FILE = Path("use_case.yaml")
PLANTED = "Tr0ub4dor&3-" + "x" * 8
TOKENS = [
    "AKIA" + "IOSFODNN7EXAMPL2",
    "ghp_" + "a1" * 18,
    "hf_" + "b2" * 17,
    "sk-" + "c3" * 20,
    "xoxb-" + "123456789012-abcdef",
    "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + "." + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
]
HOLD_ONE = [
    f"password: {PLANTED}",
    f"db_password: '{PLANTED}'",
    f"deliver:\n  - sql: {{connection: desk, secret: '{PLANTED}'}}",
    f"api_key: {PLANTED}",
    f"access-key: {PLANTED}",
    "token: 12345678",
    f"url: https://user:{PLANTED}@host/path",
    f"url: https://:{PLANTED}@host",
    f"url: postgresql+psycopg2://u:{PLANTED}@host/db?sslmode=require",
    f"url: https://host/path?api_key={PLANTED}",
    f"url: https://host/path?x=1&X-Amz-Signature={PLANTED}",
    f"url: https://account.blob/x?sv=1&sig={PLANTED}",
    f"query: \"select * from dblink('host=x user=u password={PLANTED}')\"",
    "key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  " + PLANTED,
    *(f"note: my {token} here" for token in TOKENS),
    f"a: &x https://u:{PLANTED}@h\nb: [*x, *x]",
]


@pytest.mark.parametrize("written", HOLD_ONE)
def test_what_looks_like_a_secret_is_refused_by_its_line_and_never_shown(written):
    with pytest.raises(DeclarationError, match=r"use_case.yaml: line \d+: .*not shown.*connection") as refused:
        yaml_file.content(FILE, f"name: parcels\n{written}\n")
    said = str(refused.value)
    assert PLANTED not in said and not any(token in said for token in TOKENS) and "12345678" not in said
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "written",
    [
        "columns: {token: string, password_changed: date, secret: boolean}",
        "columns: {api_key: 'decimal(10,2)'}",
        "tokens: 512",
        "max_tokens: 512",
        "token: {type: string}",
        "password: ",
        "key_variable: TEACHER_KEY",
        "url: https://host:8443/v1",
        "url: https://host/path?page=1&key_column=id",
        "url: s3://bucket/prefix",
        "url: https://example.org/@name/post",
        "note: mail ann@example.org, or see https://example.org",
        "description: how the token sk-learn-style names the secret of success; the password is in a connection",
        "prompt: 'a token: 15 characters at most'",
        "git: ssh://git@host/repository",
    ],
)
def test_what_is_none_is_read(written):
    try:
        yaml_file.content(FILE, f"name: parcels\n{written}\n")
    except DeclarationError as error:
        # A field without a value is another mistake.
        assert "found no value" in str(error)


def test_no_declaration_of_the_repository_holds_one():
    found = [
        *PROJECT_ROOT.glob("include/**/*.yaml"),
        *PROJECT_ROOT.glob("tests/**/*.yaml"),
        *PROJECT_ROOT.glob("docs/**/*.yaml"),
    ]
    assert found
    for file in found:
        try:
            yaml_file.content(file, file.read_text(encoding="utf-8"))
        except DeclarationError as error:
            assert "secret" not in str(error)


@given(
    st.sampled_from(["postgresql", "mongodb+srv", "kafka", "https", "s3"]),
    st.text(string.ascii_letters + string.digits + "%._-", min_size=1, max_size=20),
    st.text(string.ascii_letters + string.digits + "%._-!$&'()*+,;=:", min_size=1, max_size=30),
)
def test_any_login_in_any_address_is_found(scheme, user, password):
    written = f'name: x\nplace: "{scheme}://{user}:{password}@host.example/x"\n'
    with pytest.raises(DeclarationError, match="an address with a login in it") as refused:
        yaml_file.content(FILE, written)
    assert f"{user}:{password}" not in str(refused.value)


def test_aliases_of_aliases_do_not_become_billions_of_values():
    levels = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(DeclarationError, match="anchors and aliases make more than 1000000 values"):
        yaml_file.content(FILE, "\n".join(levels))
