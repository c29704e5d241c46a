"""The room of the stage costs: what runs cost, taken in and costed again."""
