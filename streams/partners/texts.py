"""Texts, and the short ones that identify or classify: kept as written, bounded in length as events are."""

from streams.partners.column import BadValue, Format


def _bounded(limit: int) -> Format[str]:
    def parse(text: str) -> str:
        if len(text) > limit:
            raise BadValue(f"longer than {limit} characters", text)
        return text

    return Format(parse, str)


def code_text(code: str | int | None) -> str | None:
    """An event's code as text; partners' files give texts, other producers of events may give numbers."""
    return None if code is None else str(code)


TEXT = _bounded(1024)
NAME = _bounded(256)
ACCOUNT = _bounded(64)
SHORT_CODE = _bounded(16)
