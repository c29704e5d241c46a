"""Who has a role that goes round the platform's own is named, however it came by it."""

from __future__ import annotations

from types import SimpleNamespace

from include.orchestration import apply_access


def test_a_user_with_a_role_of_airflows_own_is_named_also_by_a_group() -> None:
    def user(name: str, *roles: str, by_group: tuple[str, ...] = (), active: bool = True) -> SimpleNamespace:
        group = SimpleNamespace(roles=[SimpleNamespace(name=one) for one in by_group])
        own = [SimpleNamespace(name=one) for one in roles]
        return SimpleNamespace(username=name, roles=own, groups=[group], active=active)

    users = [
        user("ann", "operator"),
        user("bob", "viewer", "Viewer"),
        user("cai", by_group=("Op",)),
        user("dee", "User", active=False),
        SimpleNamespace(username="eve", roles=[SimpleNamespace(name="User")], active=True),
    ]
    found = apply_access.too_wide(SimpleNamespace(get_all_users=lambda: users))
    assert [line.partition(":")[0] for line in found] == [
        "user bob has Airflow's role Viewer, which reads erasures, whose forms hold keys of persons",
        "user cai has Airflow's role Op, which answers approvals and starts every DAG",
        "user eve has Airflow's role User, which answers approvals and starts every DAG",
    ]
