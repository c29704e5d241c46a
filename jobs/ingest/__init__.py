"""From landing to silver: parse deliveries, check them against their contract, keep the books."""
