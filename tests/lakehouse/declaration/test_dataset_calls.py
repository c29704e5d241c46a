"""The sections of a dataset about its calls: what is declared, and what is told of mistakes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.declaration import declared
from lakehouse.declaration.dataset_budget import Budget
from lakehouse.declaration.dataset_calls import DatasetCalls
from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher
from lakehouse.errors import DeclarationError

FILE = Path("include/papers/dataset.yaml")
SERVICE = """
teacher:
  by: service
  url: https://api.example.org/v1
  model: big-1
  prompt: prompt.md
  key_variable: THE_KEY
  variants:
    - {name: cold, temperature: 0, seed: 7}
    - {name: warm, temperature: 0.8, top_p: 0.95}
  parameters: {frequency_penalty: 0.2, stop: ["###"]}
"""
BUDGET = """
budget: {money: 5.25, currency: EUR, calls: 100, cost_per_million_tokens: {input: 0.15, output: 0.6}}
"""


def read(text: str) -> DatasetCalls:
    return declared.section(DatasetCalls, FILE, text)


def test_what_is_left_out_costs_nothing_and_refuses_nothing() -> None:
    found = read("check: {}\n")
    assert found.teacher == ExtractiveTeacher() and found.budget is None
    assert not list(found.check.limits())


def test_a_service_is_read_with_its_budget() -> None:
    found = read(SERVICE + BUDGET)
    teacher, budget = found.teacher, found.budget
    assert isinstance(teacher, ServiceTeacher) and budget is not None
    assert teacher.endpoint == "https://api.example.org/v1/chat/completions"
    assert [one.name for one in teacher.variants] == ["cold", "warm"]
    assert teacher.parameters == {"frequency_penalty": 0.2, "stop": ("###",)}
    assert (budget.micros, budget.calls) == (5_250_000, 100)
    assert DatasetCalls.model_validate(found.model_dump()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SERVICE, "budget: is missing, and is required with a service (teacher)"),
        (BUDGET, "budget: the built-in summariser costs nothing"),
        (SERVICE.replace("https://", "https://me:pw1234@") + BUDGET, "an address with a login in it"),
        (SERVICE.replace("/v1", "/v1?key=pw1234") + BUDGET, "an address without login, ? and #"),
        (SERVICE.replace("https://", "ftp://") + BUDGET, "expected an address such as https://api.example.org/v1"),
        (SERVICE.replace("org/", "org:port/") + BUDGET, "whose host or port can't be read"),
        (SERVICE + "  connection: x\n" + BUDGET, "expected the key in one place, found connection too"),
        (
            SERVICE.replace("frequency_penalty: 0.2", "max_tokens: 9") + BUDGET,
            "parameters: max_tokens can't be set here",
        ),
        (SERVICE.replace("warm", "cold") + BUDGET, "teacher.service.variants: variants: declared twice: cold"),
        (SERVICE.replace("0.8", "yes") + BUDGET, "found true, as YAML reads yes"),
        (
            SERVICE.replace("0.8", "2.5") + BUDGET,
            "variants.1.temperature: Input should be less than or equal to 2, found 2.5",
        ),
        (SERVICE.replace("prompt.md", "../prompt.md") + BUDGET, "teacher.service.prompt: String should match pattern"),
        (SERVICE.replace("modle", "model").replace("model", "modle") + BUDGET, "teacher.service.modle: is not a field"),
        (SERVICE + BUDGET.replace("5.25", "-1"), "budget.money: Input should be greater than or equal to 0"),
        (
            SERVICE + BUDGET.replace("5.25", "0.1234567"),
            "budget.money: Decimal input should have no more than 6 decimal",
        ),
        (SERVICE + BUDGET.replace("input: 0.15, ", ""), "budget.cost_per_million_tokens.input: is missing"),
        (
            "teacher: {by: oracle}\n",
            "teacher: Input tag 'oracle' found using _kind() does not match any of the expected tags",
        ),
        ("teacher: {sentences: 0}\n", "teacher.extractive.sentences: Input should be greater than or equal to 1"),
        ("check: {words: {least: 5, most: 4}}\n", "check.words: least (5) must not be above most (4)"),
        ("check: {words: {}}\n", "check.words: expected least, most or both"),
        ("check: {wrods: {least: 5}}\n", "check.wrods: is not a field that is known here"),
        ("check: {keep: worst}\n", "check.keep: Input should be 'all' or 'best'"),
        ("check: {}\ncheck: {}\n", "line 2: check: written twice"),
        ("titel: x\n", "titel: is not a field that is known here"),
    ],
    ids=lambda value: value[-60:] if "\n" not in value else "",
)
def test_a_mistake_is_told_with_file_and_field(text: str, said: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        read(text)
    assert said in str(raised.value) and str(raised.value).startswith(f"{FILE}: ")
    assert "pw1234" not in str(raised.value)


tokens, costs = st.integers(0, 10**7), st.decimals(0, 1000, places=6)


@given(tokens, tokens, costs, costs)
def test_money_is_whole_millionths_rounded_up_and_never_less_than_it_is(
    sent: int, back: int, of_input: Decimal, of_output: Decimal
) -> None:
    budget = Budget.model_validate({"money": 1, "cost_per_million_tokens": {"input": of_input, "output": of_output}})
    # In units of the currency: tokens by a million, times the cost; in millionths the millions cancel.
    exact = sent * of_input + back * of_output
    assert exact <= budget.cost_micros(sent, back) < exact + 1


def test_an_amount_is_told_exactly() -> None:
    budget = read(SERVICE + BUDGET).budget
    assert budget is not None and budget.words(1_234_567) == "1.234567 EUR"
