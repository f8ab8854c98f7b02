"""The whole system, from files to alerts, as its users and operators meet it."""
