"""Errors of Kafka's client as named errors: what was expected, what was found, what to do, and never a password."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import KafkaError

from lakehouse.connections.service import Service
from lakehouse.errors import KafkaGap, NightjarError, SourceRefused, SourceUnavailable

# What another try can't clear: the login, rights, the topic's name, the settings.
REFUSALS = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError._SSL,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError._INVALID_ARG,
        KafkaError._UNSUPPORTED_FEATURE,
        KafkaError.UNSUPPORTED_VERSION,
    }
)
# Of a fetch: the offset is no more, or not yet.
GONE = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})
# Of a login's, which say nothing of how the broker answers; groups are not used.
PASSED_OVER = frozenset({KafkaError.GROUP_AUTHORIZATION_FAILED})


def named(what: str, service: Service, error: KafkaError, heard: Sequence[KafkaError]) -> NightjarError:
    """The named error for one of the client's, to be raised outside its handler: the client's words may quote a setting.

    Args:
        what: what is read, such as ``source orders, topic orders of connection events``.
        service: whose secrets no error shows.
        error: the client's.
        heard: what the client said on its own: of a broker that does not answer, why.
    """
    code, found = error.code(), _words(error)
    if code in GONE:
        return KafkaGap(
            f"{what}: expected its messages, found that they were deleted while they were read: {found}; nothing has landed: run "
            "again, it says which"
        )
    if code in REFUSALS:
        return SourceRefused(
            f"{what}: expected Kafka to give the messages, found: {service.without_secrets(found)}; nothing has landed: correct "
            "the connection, the login's rights, or the section kafka of its declaration"
        )
    why = [_words(one) for one in heard if one.code() != KafkaError._ALL_BROKERS_DOWN]
    if why and why[-1] not in found:
        found = f"{found}; {why[-1]}"
    return SourceUnavailable(
        f"{what}: expected an answer from Kafka, found: {service.without_secrets(found)}; nothing has landed: when the broker is "
        "back, run again; if it never answers, look at security.protocol of the connection"
    )


def _words(error: KafkaError) -> str:
    return " ".join(str(error.str()).split())[:300]
