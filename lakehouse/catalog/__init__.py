"""What is declared, as documents for others: Open Data Contracts, and a site of pages that needs no server."""
