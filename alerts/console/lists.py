"""The list of firms to deal with: as a page, as a file, and what happens on it as it happens."""

from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from alerts.console import places
from alerts.console.answers import Answers, Asking
from alerts.console.asking import PAGE_SIZE, asked
from alerts.console.exporting import Shown, download, format_of
from alerts.console.feed import Feed
from alerts.console.pages import list_page, shown
from alerts.console.sessions import Session
from alerts.console.words import WORDS
from alerts.errors import RedisUnavailable
from alerts.masking import case_of
from alerts.recording import departments_named
from alerts.scope import within


class Lists:
    """The answers, a method a page."""

    def __init__(self, answers: Answers, feed: Feed) -> None:
        self._answers = answers
        self._settings = answers.settings
        self._feed = feed

    def page(self, asking: Asking) -> Response:
        """The list."""
        wanted = asked(asking.request.query_params.multi_items(), asking.person)
        desk, masked = self._answers.desk(asking.person), asking.person.masked
        # Before the list: what happens in between is told of as new, and is not missed.
        queues = within(asking.person, wanted.chosen("department"))
        ends = {queue: end.decode() for queue, end in desk.ends(queues).items()}
        page = desk.listed(wanted.query, limit=PAGE_SIZE, start=(wanted.page - 1) * PAGE_SIZE)
        found = {name: shown(item, masked, asking.language) for name, item in desk.latest(page.cases).items()}
        page = page._replace(cases=[case_of(case, masked) for case in page.cases])
        detail = "their own" if wanted.query.holder else ""
        named = departments_named(wanted.query.departments)
        self._answers.record(asking.person, "case.list", named, detail=detail)
        words = WORDS[asking.language]
        content = list_page(page, found, wanted, asking.person, asking.language, words["late"])
        followed = [*(("department", name) for name in wanted.chosen("department")), ("after", places.written(ends))]
        return self._answers.page(asking, "list.html", content | {"stream": f"/stream?{urlencode(followed)}"})

    def export(self, asking: Asking) -> Response:
        """The list as a file, or why not: more cases than a file may have."""
        parameters = asking.request.query_params.multi_items()
        wanted, kind = asked(parameters, asking.person), format_of(parameters)
        page = self._answers.desk(asking.person).listed(wanted.query)
        said = "case.export", departments_named(wanted.query.departments)
        detail = f"{page.total} cases, {kind}"
        if page.total > self._settings.most_exported:
            self._answers.record(asking.person, *said, "refused", detail)
            return self._answers.problem("413", asking.language, asking.session, 413)
        self._answers.record(asking.person, *said, detail=detail)
        how = Shown(asking.language, asking.person.masked)
        return download(page.cases, wanted.query, kind, self._settings.clock(), how)

    def stream(self, asking: Asking) -> Response:
        """What happens, from the place of Last-Event-ID on, or of the page that asks."""
        parameters = asking.request.query_params
        queues = within(asking.person, parameters.getlist("department"))
        begun = asking.request.headers.get("last-event-id") or parameters.get("after", "")
        known = places.read(begun, queues)
        self._answers.record(asking.person, "case.watch", departments_named(queues))
        followed = self._feed.follow(known, lambda: self._lasts(asking.session), masked=asking.person.masked)
        return StreamingResponse(followed, media_type="text/event-stream")

    def _lasts(self, session: Session) -> bool:
        try:
            return self._settings.sessions.lasts(session)
        except RedisUnavailable:
            # Nobody can end a session meanwhile, and nothing is told either.
            return True
