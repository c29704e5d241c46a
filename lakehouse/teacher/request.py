"""Requests: what is sent about a document, byte by byte, and the key by which its answer is found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lakehouse.declaration.dataset_teacher import ExtractiveTeacher, ServiceTeacher, Variant
from lakehouse.teacher import extractive
from lakehouse.teacher.prompt import Prompt

TEACH = "teach"
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
class Request:
    """One request.

    Attributes:
        key: SHA-256 of the canonical JSON of endpoint, variant and body: 64 hexadecimal digits.
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
    documents: Iterable[Document], teacher: ServiceTeacher | ExtractiveTeacher, prompt: Prompt | None
) -> Iterator[Request]:
    """The requests about these documents: of each document one a variant, in the declared order.

    Args:
        documents: one at a time is held.
        teacher: who is asked.
        prompt: of a service; the built-in summariser has none.
    """
    for document in documents:
        digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
        for variant in teacher.variants:
            yield _request(document, digest, teacher, variant, prompt)


def canonical(content: Any) -> str:
    """The one way in which a value is written as JSON: sorted, without spaces, in ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _request(
    document: Document,
    content_digest: str,
    teacher: ServiceTeacher | ExtractiveTeacher,
    variant: Variant,
    prompt: Prompt | None,
) -> Request:
    sampling = {
        name: value for name in ("temperature", "top_p", "seed") if (value := getattr(variant, name)) is not None
    }
    if isinstance(teacher, ServiceTeacher):
        assert prompt is not None, "a service is asked with a prompt"
        endpoint, model, most = teacher.endpoint, teacher.model, teacher.max_tokens
        parameters = {**teacher.parameters, **sampling, teacher.length_parameter: most}
        messages = prompt.messages(document.text)
    else:
        endpoint, model, most = extractive.ENDPOINT, extractive.MODEL, 0
        parameters = {**sampling, "sentences": teacher.sentences}
        messages = [{"role": "user", "content": document.text}]
    body = canonical({**parameters, "model": model, "messages": messages})
    whole = canonical({"endpoint": endpoint, "variant": variant.name, "body": body})
    return Request(
        key=hashlib.sha256(whole.encode()).hexdigest(),
        purpose=TEACH,
        document_id=document.document_id,
        content_digest=content_digest,
        variant=variant.name,
        endpoint=endpoint,
        model=model,
        parameters=canonical(parameters),
        prompt_digest="" if prompt is None else prompt.digest,
        body=body.encode(),
        text=document.text,
        instruction="" if prompt is None else prompt.instruction,
        input_bytes=AROUND_ALL
        + sum(AROUND_MESSAGE + len(message["content"].encode("utf-8", "surrogatepass")) for message in messages),
        input_characters=sum(len(message["content"]) for message in messages),
        max_tokens=most,
    )
