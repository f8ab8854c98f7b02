"""What all answers of the console share: who asks, the pages' templates and languages, the audit log."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from alerts.console.forms import Form
from alerts.console.sessions import Session
from alerts.console.settings import Settings
from alerts.console.words import WORDS, language_of
from alerts.language import LANGUAGES, Language
from alerts.recording import Recorder
from alerts.scope import Person


class Asking(NamedTuple):
    """A request of somebody who has logged in, with the fields of its form."""

    request: Request
    session: Session
    language: Language
    form: Form

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.session.person


class Answers:
    """`record` appends to the audit log, `desk` is a person's: see `alerts.recording`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        recorder = Recorder(settings.client, "console", where=settings.where, clock=settings.clock)
        self.record, self.desk = recorder.record, recorder.desk
        self._templates = Environment(
            loader=PackageLoader("alerts.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, asking: Asking, template: str, content: Mapping[str, Any], status: int = 200) -> Response:
        """A page for who asks."""
        return self.html(template, asking.language, content, asking.session, status)

    def problem(self, kind: str, language: Language, session: Session | None, status: int) -> Response:
        """Why there is no other answer: `kind` is a word of `words.py`, its note the same with `_note`."""
        return self.html("problem.html", language, {"kind": kind}, session, status)

    def html(
        self,
        template: str,
        language: Language,
        content: Mapping[str, Any],
        session: Session | None,
        status: int = 200,
    ) -> Response:
        """A page, for nobody in particular where there is no session."""
        shared = {
            "t": WORDS[language],
            "lang": language,
            "other": "en" if language == "fr" else "fr",
            "person": session.person if session else None,
            "supervises": session is not None and session.person.supervises,
            "csrf": session.csrf if session else "",
        }
        return HTMLResponse(self._templates.get_template(template).render({**shared, **content}), status)

    def language(self, request: Request, session: Session | None) -> Language:
        """What `lang` says, which the session keeps; what it kept; what the browser asks for."""
        for language in LANGUAGES:
            if request.query_params.get("lang") == language:
                if session is not None and session.language != language:
                    session.language = language
                    self.settings.sessions.keep(session)
                return language
        kept = session.language if session is not None else None
        return kept or language_of(request.headers.get("accept-language", ""), self.settings.language)
