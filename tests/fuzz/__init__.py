"""Damaged deliveries, drawn by the thousand: each of their lines is accounted for."""
