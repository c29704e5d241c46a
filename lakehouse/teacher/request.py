"""Requests: what is sent about a document, byte by byte, and the key by which its answer is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher, Variant
from lakehouse.teacher import extractive
from lakehouse.teacher.prompt import Message, Prompt

# What a call is for: an answer about a document; a mark of a document; a mark of an answer.
TEACH, GRADE, JUDGE = "teach", "grade", "judge"
MARKS = frozenset({GRADE, JUDGE})
# What chat formats put around a message and before an answer, in tokens: more than any known one.
AROUND_MESSAGE, AROUND_ALL = 16, 32


@dataclass(frozen=True)
class Document:
    """A document that is asked about.

    Attributes:
        document_id: its identity; several documents may have the same text, and then share their calls.
        text: the whole of it.
    """

    document_id: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """An answer about a document, which a judge is asked about."""

    document: Document
    text: str = field(repr=False)


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        key: SHA-256 of the canonical JSON of endpoint, variant and body, and for marks of the purpose: 64 hexadecimal digits.
        purpose: what it is for.
        document_id: the document that it is about.
        content_digest: SHA-256 of the document's text.
        variant: the declared variant.
        endpoint: where it goes.
        model: the model that it asks for.
        parameters: all else that it asks for, as JSON.
        prompt_digest: of the prompt file; empty where there is none.
        body: the bytes that are sent: canonical JSON.
        text: of the document.
        instruction: what the teacher is told besides; empty where there is none.
        input_bytes: of all messages in UTF-8, and what formats put around them: at least as many as there are tokens.
        input_characters: of all messages.
        max_tokens: the most that can come back.
    """

    key: str
    purpose: str
    document_id: str
    content_digest: str
    variant: str
    endpoint: str
    model: str
    parameters: str
    prompt_digest: str
    body: bytes = field(repr=False)
    text: str = field(repr=False)
    instruction: str = field(repr=False)
    input_bytes: int
    input_characters: int
    max_tokens: int


def of_documents(
    documents: Iterable[Document],
    teacher: ServiceTeacher | ExtractiveTeacher,
    prompt: Prompt | None,
    purpose: str = TEACH,
) -> Iterator[Request]:
    """The requests about these documents: of each document one a variant, in the declared order.

    Args:
        documents: one at a time is held.
        teacher: who is asked.
        prompt: of a service; the built-in summariser has none.
        purpose: an answer, or a mark of the document.
    """
    for document in documents:
        digest = digest_of(document.text)
        if isinstance(teacher, ExtractiveTeacher):
            messages = [{"role": "user", "content": document.text}]
        else:
            messages = _told(prompt).messages(document.text)
        for variant in teacher.variants:
            yield _request(document, digest, teacher, variant, prompt, messages, purpose)


def of_answers(answers: Iterable[Answer], judge: ServiceTeacher, prompt: Prompt) -> Iterator[Request]:
    """The requests for marks of these answers, one each: two answers of the same text about the same text are one request.

    Args:
        answers: one at a time is held.
        judge: who is asked.
        prompt: with a place for the answer.
    """
    (variant,) = judge.variants
    for answer in answers:
        document = answer.document
        messages = prompt.messages(document.text, answer.text)
        yield _request(document, digest_of(document.text), judge, variant, prompt, messages, JUDGE)


def digest_of(text: str) -> str:
    """SHA-256 of a document's text, as documents and calls carry it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parameters(teacher: ServiceTeacher | ExtractiveTeacher, variant: Variant) -> dict[str, Any]:
    """All that a request asks for besides model and messages."""
    sampling = {
        name: value for name in ("temperature", "top_p", "seed") if (value := getattr(variant, name)) is not None
    }
    if isinstance(teacher, ServiceTeacher):
        return {**teacher.parameters, **sampling, teacher.length_parameter: teacher.max_tokens}
    return {**sampling, "sentences": teacher.sentences}


def canonical(content: Any) -> str:
    """The one way in which a value is written as JSON: sorted, without spaces, in ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def addressed(teacher: ServiceTeacher | ExtractiveTeacher) -> tuple[str, str]:
    """Where a request goes, and which model it asks for."""
    if isinstance(teacher, ServiceTeacher):
        return teacher.endpoint, teacher.model
    return extractive.ENDPOINT, extractive.MODEL


def _told(prompt: Prompt | None) -> Prompt:
    assert prompt is not None, "a service is asked with a prompt"
    return prompt


def _request(
    document: Document,
    content_digest: str,
    teacher: ServiceTeacher | ExtractiveTeacher,
    variant: Variant,
    prompt: Prompt | None,
    messages: list[Message],
    purpose: str,
) -> Request:
    (endpoint, model), asked = addressed(teacher), parameters(teacher, variant)
    body = canonical({**asked, "model": model, "messages": messages})
    named = {"endpoint": endpoint, "variant": variant.name, "body": body}
    # A mark is read from an answer in another way: the same bytes asked for an answer are another call.
    whole = canonical(named if purpose == TEACH else {**named, "purpose": purpose})
    return Request(
        key=hashlib.sha256(whole.encode()).hexdigest(),
        purpose=purpose,
        document_id=document.document_id,
        content_digest=content_digest,
        variant=variant.name,
        endpoint=endpoint,
        model=model,
        parameters=canonical(asked),
        prompt_digest="" if prompt is None else prompt.digest,
        body=body.encode(),
        text=document.text,
        instruction="" if prompt is None else prompt.instruction,
        input_bytes=AROUND_ALL
        + sum(AROUND_MESSAGE + len(message["content"].encode("utf-8", "surrogatepass")) for message in messages),
        input_characters=sum(len(message["content"]) for message in messages),
        max_tokens=teacher.max_tokens if isinstance(teacher, ServiceTeacher) else 0,
    )
