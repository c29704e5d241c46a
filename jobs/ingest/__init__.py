"""From landing to silver: parse deliveries, check them against their contract, count every row in the ledger."""
