"""What a model card says of the rows that were learned from, where a part of them was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def content(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The result's ``learned`` (see `learned_record.described`) for the page; None where it has none."""
    said = result.get("learned")
    if not said:
        return None
    classes = [{**line, "odds": said["odds"].get(line["name"], 1.0)} for line in said["classes"]]
    first, last = said["days"]
    share, calibration = said["measured_share"], said.get("calibration", {})
    return {
        "declared": [(name.replace("_", " "), value) for name, value in said["declared"].items()],
        "what": "class" if len(classes) > 1 else "",
        "classes": classes,
        "rows": sum(line["rows"] for line in classes),
        "learned": said["learned_rows"],
        "effective": round(said["effective_rows"]),
        "days": f"{first}..{last}",
        "odds": bool(said["odds"]),
        "measured": "All numbers elsewhere are of all rows."
        if share == 1
        else f"Of the train window an even sample of {100 * share:.2g} % stands for all rows where these are measured.",
        "calibration": [
            {"name": name, "came": came, "before": calibration["before"]["mean"][name], "after": mean}
            for (name, came), mean in zip(
                calibration["after"]["came"].items(), calibration["after"]["mean"].values(), strict=True
            )
        ]
        if calibration
        else [],
        "loss_before": calibration["before"]["log_loss"] if calibration else None,
        "loss_after": calibration["after"]["log_loss"] if calibration else None,
    }
