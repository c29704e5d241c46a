"""The cluster profile: one declared topology of hosts, from which come docker-compose.yaml and a native launch for tests.

`python -m stack.cluster compose|up|down|status|exec`; docs/cluster.md says what each host needs.
"""
