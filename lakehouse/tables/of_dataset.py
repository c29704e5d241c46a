"""The gold tables of a dataset: documents, answers about them, and the versions made of both."""

from __future__ import annotations

from lakehouse.declaration import Dataset
from lakehouse.tables.table import INPUTS_FINGERPRINT, PARTITION, Table, col

VERSION = col("version", "int", "the version of the dataset")
DOCUMENT = col("document_id", "string", "the document, by its id in the source")
DIGEST = col("content_digest", "string", "SHA-256 of its text")

# What is measured on a document, in the order of the table.
DOCUMENT_MEASURES = (
    col("characters", "long", "length of the text"),
    col("words", "long", "how many words it has"),
    col("language", "string", "its language, as ISO 639-1 has it; empty where it has no words"),
    col("language_share", "double", "how sure that is, from 0 to 1"),
    col("quality", "double", "the share of the declared heuristics that it keeps"),
    col("mean_word_length", "double", "characters of a word, in the mean"),
    col("alphabetic_words", "double", "share of its words with a letter"),
    col("symbols_per_word", "double", "# and ellipses, by words"),
    col("bullet_lines", "double", "share of its lines that begin with a bullet"),
    col("ellipsis_lines", "double", "share of its lines that end with an ellipsis"),
    col("repeated_lines", "double", "share of its characters in lines that stood before"),
    col("repeated_ngrams", "double", "share of its runs of five words that stood before"),
    col("common_words", "long", "how many of the most common words of its language it has; null without a list", True),
    col("pii", "long", "how many addresses, numbers and the like of persons were found, before they were redacted"),
    col("pii_counts", "string", "the same by kind, as a JSON object"),
    col("grade", "double", "the teacher's mark from 0 to 1; null where none was given", True),
)

# What is measured on an answer.
ANSWER_MEASURES = (
    col("words", "long", "how many words it has", True),
    col("compression", "double", "its characters by those of the document", True),
    col("copied", "double", "share of its words that are copied in long runs", True),
    col("rouge_1", "double", "ROUGE-1 F against the document", True),
    col("rouge_2", "double", "ROUGE-2 F against the document", True),
    col("rouge_l", "double", "ROUGE-L F against the document", True),
    col("repetition", "double", "share of it that repeats itself", True),
    col("new_numbers", "long", "numbers that the document does not have", True),
    col("new_names", "long", "names that the document does not have", True),
    col("language", "string", "its language", True),
    col("mark", "double", "the judge's mark from 0 to 1; null where none was given", True),
)


def documents(dataset: Dataset) -> Table:
    """The documents, a row each and day of delivery; the newest day of a document counts."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_documents",
        columns=(
            DOCUMENT,
            col("title", "string", "its title", nullable=True),
            col("text", "string", "the text as it is used: standardised, and redacted where that is declared"),
            DIGEST,
            col("url", "string", "where it comes from", nullable=True),
            col("licence", "string", "its licence, as the source writes it", nullable=True),
            col("together", "string", "what it must stay together with, as a JSON list of column=value"),
            *DOCUMENT_MEASURES,
            col("signature", "string", "its least hashed runs of words, for finding near ones"),
            col("deleted", "boolean", "whether its source says that it is gone"),
            col("kept", "boolean", "whether it passes the filter"),
            col("reasons", "string", "every limit that it breaks, separated by '; '"),
            col("delivery_id", "string", "which delivery it came from"),
            col("measured_from", "string", "digest of what decides text and measures: the filter is not in it"),
            col(INPUTS_FINGERPRINT, "string", "of what the day was built from, which ops.builds explains"),
            PARTITION,
        ),
        key=("document_id", "partition"),
        partition_by=("partition",),
        indexed=(INPUTS_FINGERPRINT, "document_id"),
        description=f"documents of {dataset.title}: text, measures, and why one is not kept",
    )


def profile(dataset: Dataset) -> Table:
    """The distribution of what is measured on the documents, as of a day."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_profile",
        columns=(
            col("measure", "string", "what is measured, or that it is language, licence, duplicates or reason"),
            col("bin", "int", "which bin, in order"),
            col("low", "double", "the bin's lower end; null of a value", nullable=True),
            col("high", "double", "the bin's upper end; null of a value", nullable=True),
            col("value", "string", "the value, where bins are values", nullable=True),
            col("documents", "long", "how many documents lie in it"),
            col("kept", "long", "how many of them pass the filter"),
            PARTITION,
        ),
        key=("measure", "bin", "partition"),
        partition_by=("partition",),
        few_rows=True,
        description=f"distributions of the documents of {dataset.title} as of a day, and what passes the filter",
    )


def summaries(dataset: Dataset) -> Table:
    """The answers about the documents, checked; by the day of the document's delivery."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_summaries",
        columns=(
            DOCUMENT,
            DIGEST,
            col("variant", "string", "the declared variant"),
            col("request_key", "string", "the call in ops.calls"),
            col("summary", "string", "the answer; null where there is none that may be used", nullable=True),
            col("state", "string", "the call's outcome; open where it has none yet"),
            col("finish_reason", "string", "why it ends, in the service's word", nullable=True),
            *ANSWER_MEASURES,
            col("kept", "boolean", "whether it passes every check"),
            col("reasons", "string", "every check that it fails, separated by '; '"),
            col(INPUTS_FINGERPRINT, "string", "of what the day was built from, which ops.builds explains"),
            PARTITION,
        ),
        key=("document_id", "variant", "partition"),
        partition_by=("partition",),
        indexed=(INPUTS_FINGERPRINT, "document_id"),
        description=f"answers about the documents of {dataset.title}, with what the checks say",
    )


def clusters(dataset: Dataset) -> Table:
    """The kept documents of a version, by what is nearly the same."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_clusters",
        columns=(
            VERSION,
            DOCUMENT,
            col("cluster_id", "string", "the least id of the documents that hang together"),
            col("nearest", "string", "the document that it is most alike; null where it is alone", nullable=True),
            col("jaccard", "double", "common runs of words by all of both; null where it is alone", nullable=True),
            col(
                "containment",
                "double",
                "common runs of words by those of the shorter one; null where it is alone",
                True,
            ),
            col("together_with", "string", "a declared group that ties it to others; null where none does", True),
            col("left_out", "string", "why the version has no example of it; null where it has", True),
        ),
        key=("version", "document_id"),
        partition_by=("version",),
        description=f"near-duplicate clusters of the documents of {dataset.title}, version by version",
    )


def splits(dataset: Dataset) -> Table:
    """Where each document has been since its first version."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_splits",
        columns=(
            DOCUMENT,
            col("cluster_id", "string", "its cluster when it was assigned"),
            col("split", "string", "train, validation or test"),
            col("first_version", "int", "the version that it was assigned in"),
        ),
        key=("document_id",),
        partition_by=(),
        description=f"the split of every document of {dataset.title} that was ever in a version; it stays",
    )


def examples(dataset: Dataset) -> Table:
    """The examples of each version."""
    return Table(
        layer="gold",
        name=f"{dataset.name}_examples",
        columns=(
            VERSION,
            col("split", "string", "train, validation or test"),
            col("example_id", "string", "digest of document, text, variant and answer"),
            DOCUMENT,
            DIGEST,
            col("cluster_id", "string", "its near-duplicate cluster"),
            col("variant", "string", "the declared variant"),
            col("request_key", "string", "the call in ops.calls"),
            col("title", "string", "the document's title", nullable=True),
            col("text", "string", "the document's text"),
            col("summary", "string", "the answer"),
            col("language", "string", "the document's language"),
            col("licence", "string", "the document's licence", nullable=True),
            col("url", "string", "where the document comes from", nullable=True),
            col("delivery_id", "string", "the delivery that the document came from"),
        ),
        key=("version", "example_id"),
        partition_by=("version", "split"),
        indexed=("document_id",),
        description=f"the examples of {dataset.title}, version by version",
    )


def of_dataset(dataset: Dataset) -> tuple[Table, ...]:
    """All tables of a dataset."""
    return tuple(make(dataset) for make in (documents, profile, summaries, clusters, splits, examples))
