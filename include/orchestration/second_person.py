"""The question to a person, and the one that another person has to answer than the one who asked for the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context

APPROVE, REJECT = "Approve", "Reject"


class PersonOperator(HITLOperator):
    """Waits for an answer, and keeps with it which question it answers.

    Airflow keeps the result of a task that is cleared until the task starts again. One that is marked before it does has the answer
    to what its run asked before, perhaps about another version: `include.orchestration.approval.answer_to` does not take that.
    """

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """The answer, with its question."""
        return {**super().execute_complete(context, event), "question": self.subject}


class SecondPersonOperator(PersonOperator):
    """Waits for an answer, and does not take the approval of the user who triggered the run.

    Both names are Airflow's own record of who was logged in. A run that nobody triggered, such as one that monitoring asked for, is
    approved by anybody who may. One may reject what one has asked for oneself.
    """

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """The answer.

        Raises:
            AirflowFailException: the user who triggered the run approved it.
        """
        answer = super().execute_complete(context, event)
        asked, by = context["dag_run"].triggering_user_name, answer["responded_by_user"]
        if by and by["name"] == asked and APPROVE in answer["chosen_options"]:
            raise AirflowFailException(
                f"the approval: expected another person than {asked}, who triggered this run (two_people is declared), found the "
                f"approval of {asked}; nothing is changed: clear this task, and have somebody else answer"
            )
        return answer
