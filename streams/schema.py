"""The published description of everything on the topics: an AsyncAPI document, and a JSON Schema file an event type;
and of the JSON that `vigie evaluate` prints.

Made from the structs that the programs themselves decode with, so that it cannot say anything else. Use:
`python -m streams.schema --check docs/schema` or `--write docs/schema`.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from alerts.alert import Alert
from detectors.evaluation.report import SCHEMA as EVALUATION
from detectors.evaluation.report import Evaluation
from detectors.events import EARLIEST, EVENT_TYPES
from streams.dead_letters import DeadLetter
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS, Topic, TopicOptions, table
from streams.wire import EVENT_VERSION

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ASYNCAPI_FILE = "asyncapi.json"
EVALUATION_FILE = "evaluation.json"
CONTRACT_VERSION = "1.0.0"
"""Raised by hand: the second number when fields are added, the first when a program that reads must change."""

_REF = "#/components/schemas/{name}"
# Written out by year, since JSON Schema compares no dates; a test holds it against EARLIEST.
_DATE_PATTERN = "^(19[89][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$"
_DATE = {
    "type": "string",
    "format": "date",
    "pattern": _DATE_PATTERN,
    "description": f"ISO date. Dates before {EARLIEST.isoformat()} are refused (ancient-date) and the pattern says so; "
    "the decoder's own types do not.",
}
_EVENT_NOTE = (
    "Unknown fields are ignored. Whole numbers are written without a fraction (1, not 1.0): the schema's `integer` "
    "cannot say so. Beyond this schema, refused: a key other than the SIREN, a record on another partition than its "
    "key's, a known_at later than the wall clock by more than a day."
)
_OPAQUE = {
    EXAMPLES: ("Example", "Matured examples of one month, for the trainer. Opaque: between Vigie's own programs."),
    MODELS: ("Model", "A model version. Opaque beyond the fields given here: between Vigie's own programs."),
}


def event_schemas() -> dict[str, dict[str, Any]]:
    """A JSON Schema (2020-12) that stands alone, by event type."""
    return {
        name: {"$schema": DIALECT, "$id": f"urn:vigie:event:{name}"} | _component(cls, _EVENT_NOTE)
        for name, cls in EVENT_TYPES.items()
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: topics as channels, with their messages, keys, headers and schemas."""
    topics = [topic for topic in table(TopicOptions()) if topic.name != CHANGELOG]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Vigie",
            "version": CONTRACT_VERSION,
            "description": "Early warning of firms in distress: what partners' events, alerts and refusals look like "
            "on Kafka. Numbers of partitions are the defaults (VIGIE_PARTITIONS).",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic.name): _channel(topic) for topic in topics},
        "operations": _operations(),
        "components": {"messages": _messages(topics), "schemas": _schemas()},
    }


def evaluation_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an evaluation."""
    return {"$schema": DIALECT, "$id": f"urn:vigie:{EVALUATION}"} | msgspec.json.schema(Evaluation)


def files() -> dict[str, str]:
    """What docs/schema holds: text by file name."""
    documents = {ASYNCAPI_FILE: asyncapi(), EVALUATION_FILE: evaluation_schema()}
    documents |= {f"{name}.json": schema for name, schema in event_schemas().items()}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}


def stale(folder: Path) -> list[str]:
    """The names of the files in the folder that are not what they should be, missing and superfluous ones too."""
    wanted = files()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path) -> None:
    """Write the files, and take away what is no longer among them."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _channel_id(topic: str) -> str:
    """`vigie.dead-letters` as `deadLetters`: identifiers take no dots."""
    first, *others = topic.removeprefix("vigie.").split("-")
    return first + "".join(word.capitalize() for word in others)


def _message_names(topic: str) -> list[str]:
    if topic == EVENTS:
        return [cls.__name__ for cls in EVENT_TYPES.values()]
    return [{ALERTS: "Alert", DEAD_LETTERS: "DeadLetter"}.get(topic) or _OPAQUE[topic][0]]


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(topic.name)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _topic_configuration(topic.configs),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _topic_configuration(configs: Mapping[str, str]) -> dict[str, Any]:
    """Those of the configurations that the Kafka binding knows, typed as it wants them."""
    known: dict[str, Any] = {"cleanup.policy": [configs["cleanup.policy"]]}
    for name in ("retention.ms", "retention.bytes", "max.message.bytes"):
        if name in configs:
            known[name] = int(configs[name])
    return known


def _operations() -> dict[str, Any]:
    roles = {
        "receiveEvents": ("receive", EVENTS, "The scorer reads events."),
        "sendAlerts": ("send", ALERTS, "The scorer writes alerts."),
        "receiveAlerts": ("receive", ALERTS, "The dispatcher brings alerts to the agents."),
        "sendLabelledExamples": ("send", EXAMPLES, "The scorer hands examples over once their answer is known."),
        "receiveLabelledExamples": ("receive", EXAMPLES, "The trainer learns from examples."),
        "sendModels": ("send", MODELS, "The trainer publishes model versions."),
        "receiveModels": ("receive", MODELS, "Every scorer takes the last model."),
        "sendDeadLetters": ("send", DEAD_LETTERS, "What is refused goes here, with the reason."),
    }
    return {
        name: {"action": action, "channel": {"$ref": f"#/channels/{_channel_id(topic)}"}, "summary": summary}
        for name, (action, topic, summary) in roles.items()
    }


def _messages(topics: Sequence[Topic]) -> dict[str, Any]:
    return {name: _message(topic, name) for topic in topics for name in _message_names(topic.name)}


def _message(topic: Topic, name: str) -> dict[str, Any]:
    message: dict[str, Any] = {
        "name": name,
        "title": name,
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": _key(topic, name), "bindingVersion": "0.5.0"}},
    }
    if topic.name == EVENTS:
        tag = next(tag for tag, cls in EVENT_TYPES.items() if cls.__name__ == name)
        message |= {"headers": _event_headers(tag)}
    return message


def _key(topic: Topic, name: str) -> dict[str, Any]:
    if topic.name in (EVENTS, ALERTS) and name != "Clock":
        return {"type": "string", "pattern": "^[0-9]{9}$", "description": "SIREN in ASCII"}
    if name == "Clock":
        return {"type": "null", "description": "none: a clock event goes to every partition"}
    return {"type": ["string", "null"], "description": topic.key}


def _event_headers(tag: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "type": {"const": tag, "description": "the event's type, as in its value"},
            "sent_ms": {
                "type": "string",
                "pattern": "^[0-9]+$",
                "description": "when it was sent, wall clock: milliseconds since 1970, in decimal digits",
            },
            "schema_version": {
                "type": "string",
                "pattern": "^[0-9]{1,9}$",
                "description": f"the version of this contract that the record needs, in decimal digits; without it, 1. "
                f"This document describes {EVENT_VERSION}: a worker that knows no later one refuses what needs it",
            },
            "traceparent": {
                "type": "string",
                "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
                "description": "its place in a trace, as W3C's Trace Context writes it",
            },
        },
        "required": ["type"],
    }


def _schemas() -> dict[str, Any]:
    events = {cls.__name__: _component(cls, _EVENT_NOTE) for cls in EVENT_TYPES.values()}
    structs, parts = msgspec.json.schema_components([Alert, DeadLetter], ref_template=_REF)
    others = {name: _tidy(part) for name, part in parts.items()}
    if len(structs) != 2 or events.keys() & others.keys():
        raise AssertionError("two structs on the wire have one name: the document would describe only one of them")
    return events | others | {name: _opaque(name, text) for name, text in _OPAQUE.values()}


def _opaque(name: str, text: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": name, "description": text, "type": "object"}
    if name == "Model":
        as_of = {
            "type": ["string", "null"],
            "format": "date",
            "description": "it has seen what was known by this day; null: it has learned nothing yet",
        }
        fields = {"version": {"type": "string"}, "as_of": as_of}
        schema |= {"properties": fields, "required": list(fields)}
    return schema


def _component(cls: type[msgspec.Struct], note: str) -> dict[str, Any]:
    """The schema of a struct that holds no other."""
    _, components = msgspec.json.schema_components([cls], ref_template=_REF)
    (schema,) = components.values()
    tidied: dict[str, Any] = _bounded(_tidy(schema))
    return tidied | {"description": f"{tidied['description']}\n\n{note}"}


def _tidy(schema: Any) -> Any:
    """Docstrings without their indentation."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {key: _tidy(value) for key, value in schema.items()}
    if isinstance(tidied.get("description"), str):
        tidied["description"] = inspect.cleandoc(tidied["description"])
    return tidied


def _bounded(schema: Any) -> Any:
    """An event's dates with the bound that the types leave out."""
    if isinstance(schema, list):
        return [_bounded(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return dict(_DATE) if schema.get("format") == "date" else {key: _bounded(item) for key, item in schema.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check or write the files; exit status 1 where some are stale."""
    parser = argparse.ArgumentParser(prog="python -m streams.schema", description=inspect.cleandoc(__doc__ or ""))
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="say which files are stale")
    what.add_argument("--write", action="store_true", help="write the files")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    if options.write:
        write(options.folder)
        return 0
    names = stale(options.folder)
    if names:
        print(
            f"stale in {options.folder}: {', '.join(names)}. Run: python -m streams.schema --write {options.folder}",
            file=sys.stderr,
        )
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
