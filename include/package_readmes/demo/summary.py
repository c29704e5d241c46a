"""What the demo made, queried from the tables as an analyst would."""

from __future__ import annotations

import json

from lakehouse.analyst import query
from lakehouse.declaration.dataset import Dataset

DOCUMENTS = """
select count(*), sum(kept::int)::bigint from (
  select * from gold.package_readmes_documents
  qualify row_number() over (partition by document_id order by partition desc) = 1
)
"""
REASONS = """
with newest as (
  select * from gold.package_readmes_documents
  qualify row_number() over (partition by document_id order by partition desc) = 1
)
select split_part(reason, ':', 1) as limit_, count(*) from (
  select unnest(string_split(reasons, '; ')) as reason from newest where not kept
) group by all order by 2 desc, 1 limit 6
"""
NEAR = """
select least(document_id, nearest), greatest(document_id, nearest), max(jaccard), max(containment)
from gold.package_readmes_clusters where version = {version} and nearest is not null
group by all order by 3 desc, 1 limit 5
"""
VERSION = """
select state, documents, train_rows, validation_rows, test_rows, folder, content_digest
from ops.dataset_versions where dataset = 'package_readmes' and version = {version} order by happened_at
"""
CALLS = """
select state, count(*) from ops.calls where dataset = 'package_readmes' group by all order by all
"""
CHANGED = """
select coalesce(o.document_id, n.document_id) as document, count(o.example_id) as before, count(n.example_id) as after
from (select * from gold.package_readmes_examples where version = 1) o
full join (select * from gold.package_readmes_examples where version = 2) n using (example_id)
where o.example_id is null or n.example_id is null group by all order by all
"""
MOVED = """
select count(*) from gold.package_readmes_examples o join gold.package_readmes_examples n using (document_id)
where o.version = 1 and n.version = 2 and o.split != n.split
"""
ERASURES = """
select state, published, places from ops.erasures where source = 'readmes'
"""


def version(root: str, dataset: Dataset, number: int) -> None:
    """Print what a version has."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        return list(query.ask(root, sql.format(version=number)).rows)

    counted = ask(DOCUMENTS)[0]
    print(f"\n{dataset.title}, version {number}")
    if number == 1:
        print(f"  documents: {counted[0]}, kept {counted[1]}; most others because of")
        for reason, count in ask(REASONS):
            print(f"    {count:>4}  {reason}")
        print("  nearly the same, so on one side of the split:")
        for left, right, jaccard, containment in ask(NEAR):
            print(f"    {left} and {right}: {jaccard:.2f} of all runs of words, {containment:.2f} of the shorter one's")
    print(f"  calls: {', '.join(f'{count} {state}' for state, count in ask(CALLS))}")
    for state, documents, train, validation, test, folder, digest in ask(VERSION):
        where = f", in {folder}" if folder else ""
        print(
            f"  {state}: {train} + {validation} + {test} examples of {documents} documents, {str(digest)[:12]}{where}"
        )
    print()


def changes(root: str, dataset: Dataset, erased: str) -> None:
    """Print what the second version changed, and how to read what was published."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        return list(query.ask(root, sql).rows)

    print("\nWhat changed from version 1 to 2")
    for document, before, after in ask(CHANGED):
        print(f"  {document}: {before} example(s) gone, {after} new")
    print(f"  examples that changed sides: {ask(MOVED)[0][0]}")
    for state, published, places in ask(ERASURES):
        taken = ", ".join(f"{count} in {place}" for place, count in json.loads(str(places)).items())
        print(f"  {erased}: erasure {state}; taken out: {taken}")
        print(f"    published before, and not to be called back where copied: {published}")
    print(
        f"""
Look further:
  python -m lakehouse tables                          every table, its rows and how fresh it is
  python -m lakehouse sql "select * from ops.dataset_versions"
  python -c "import datasets; print(datasets.load_dataset('{root}/datasets/{dataset.name}/v2'))"
  make up                                             Airflow and MLflow: the pages of the documents, and the versions"""
    )
