"""Who uses the console: the names of `alerts.scope`, where the one answer to what a person may see and do is."""

from alerts.scope import OutOfScope, Person, people, within

__all__ = ["OutOfScope", "Person", "people", "within"]
