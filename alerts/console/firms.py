"""A firm's page, what agents do there, and breaking the glass to see it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.actions import Actor, Propose, Refusal
from alerts.cases import Case
from alerts.catalogue import known
from alerts.console.answers import Answers, Asking
from alerts.console.forms import action_of, seen_version
from alerts.console.glass import Broken, Glass, motive_of, reported
from alerts.console.glass_page import glass_page, glass_words
from alerts.console.orientation import orientation_block
from alerts.console.pages import address_of, firm_page, shown
from alerts.errors import ActionRefused, CaseNotFound
from alerts.masking import Masked, case_of, entry_of
from alerts.recording import case_named, departments_named
from alerts.routing import QUEUES
from alerts.scope import Act, OutOfScope, What, decide, require, what_of
from detectors.errors import UnusableInput


class Firms:
    """The answers, a method a page."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._settings = settings = answers.settings
        self._glass = Glass(settings.client, settings.clock, where=settings.where, hours=settings.glass_hours)

    def page(self, asking: Asking) -> Response:
        """A firm's page."""
        return self._firm(asking)

    def act(self, asking: Asking) -> Response:
        """Do what a form asks for, and show the firm again; 409 with how it stands where it is not done."""
        case, *_ = self._case(asking, "change")
        queue, siren, name = case.department, case.siren, asking.request.path_params["action"]
        action, seen = action_of(name, asking.form), seen_version(asking.form)
        if isinstance(action, Propose):
            known(self._settings.measures, action.measure)
        actor = Actor(asking.person.name, asking.person.supervises)
        try:
            self._answers.desk(asking.person).act(queue, siren, action, actor, seen=seen)
        except ActionRefused as error:
            said = f"case.{name}", case_named(queue, siren)
            self._answers.record(asking.person, *said, "refused", error.refusal.reason)
            status = 422 if error.refusal.reason == "value" else 409
            return self._firm(asking, error.refusal, status)
        return RedirectResponse(address_of(queue, siren), 303)

    def break_glass(self, asking: Asking) -> Response:
        """Open a firm that is not one's own to oneself, for a time and a motive that supervisors are told."""
        queue, siren = _firm_of(asking.request)
        person = asking.person
        try:
            what = what_of(self._answers.desk(person).get(queue, siren), person)
        except CaseNotFound:
            what = What(queue, in_alert=False)
        require(person, what, "break-glass")
        motive = motive_of(asking.form.get("motive", ""))
        self._answers.record(person, "glass.break", case_named(queue, siren), detail=motive)
        self._glass.broken(person.name, queue, siren, motive)
        return RedirectResponse(address_of(queue, siren), 303)

    def glasses(self, asking: Asking) -> Response:
        """For which firms of their departments the glass was broken lately, for supervisors."""
        person, settings = asking.person, self._settings
        if not person.supervises:
            raise OutOfScope(f"{person.name} is no supervisor", "role")
        found = reported(settings.client, settings.clock(), where=settings.where, departments=person.queues)
        self._answers.record(person, "glass.list", departments_named(person.queues))
        return self._answers.page(asking, "glass_list.html", glass_page(found, asking.language))

    def _case(self, asking: Asking, act: Act) -> tuple[Case, Masked, Broken | None]:
        """The case of the address, within the person's scope, what of it is masked, and the glass broken to see it."""
        queue, siren = asking.request.path_params["department"], asking.request.path_params["siren"]
        person = asking.person
        if queue not in QUEUES:
            require(person, What(queue, in_alert=False), act)
        try:
            case = self._answers.desk(person).get(queue, siren)
        except CaseNotFound:
            # That a firm is not theirs is said whether or not there is one.
            require(person, What(queue, in_alert=True), act)
            raise
        what, glass = what_of(case, person), None
        if act == "see" and not decide(person, what, act).allowed:
            glass = self._glass.opened(person.name, queue, siren)
            what = what._replace(opened=glass is not None)
        return case, require(person, what, act), glass

    def _firm(self, asking: Asking, refusal: Refusal | None = None, status: int = 200) -> Response:
        case, masked, glass = self._case(asking, "see")
        desk, person, language = self._answers.desk(asking.person), asking.person, asking.language
        named = case.department, case.siren
        history = [entry_of(entry, masked) for entry in desk.history(*named)]
        received = [shown(item, masked, language) for item in desk.alerts(*named)]
        self._answers.record(person, "case.show", case_named(*named), detail="by broken glass" if glass else "")
        viewer = person._replace(acts=decide(person, what_of(case, person), "change").allowed)
        now = self._settings.clock()
        content = firm_page(case_of(case, masked), history, received, viewer, language, refusal, now)
        content["glass"] = None if glass is None else glass_words(glass, language)
        alert = received[-1].alert if received else None
        content |= orientation_block(self._settings.measures, case, alert, masked, language)
        return self._answers.page(asking, "firm.html", content, status)


def _firm_of(request: Request) -> tuple[str, str]:
    """Department and SIREN of an address. Raises UnusableInput where they can be none."""
    queue, siren = request.path_params["department"], request.path_params["siren"]
    if queue not in QUEUES or not (len(siren) == 9 and siren.isascii() and siren.isdecimal()):
        raise UnusableInput("there is no such firm")
    return queue, siren
