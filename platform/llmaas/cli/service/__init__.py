"""Commands that run a service, and everything between a bundle and a process that answers.

Read along `up` or `serve`, `startup`, `publishing`, `preparing`, `running` and `runtime`; what
`llmaas apply` does to a running service goes through `applying`, `control` and `reload`.
"""
