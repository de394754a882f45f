"""E-mail, through a real mail server: what leaves, to whom, what never does, and what a failing server changes."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from urllib.parse import quote

import pytest

from app.domain.notices import mail as mail_domain
from app.domain.notices import mail_status, notifications
from app.domain.notices.notifications import SENTENCES, tell
from app.domain.workload import verbs as workload
from app.extensions import db
from app.jobs.notices import mail as mail_job
from app.models import Job, MailChoice, Notification
from app.models.base import now
from app.policy import policy
from app.unit_of_work import unit_of_work
from demo.accounts import load_accounts
from tests.drawn_gallery import needs_models
from tests.mail_server import PASSWORD, USER, mail_server, make_certificate
from tests.request_factory import NARRATIVE
from tests.web.page_reading import send

URGENT = {"priority": "threat_to_life", "priority_reason": "A message names tomorrow morning."}


@pytest.fixture
def use(app, settings):
    """use(url, …): the portal sends its mail there."""

    def point(url: str, **changes) -> None:
        app.extensions["settings"] = dataclasses.replace(
            settings, smtp_url=url, smtp_sender="portal@example.test", public_url="https://corroborate.test", **changes
        )

    return point


@pytest.fixture
def box(use):
    """The mailbox of a server that the portal uses."""
    with mail_server() as opened:
        use(opened.url())
        yield opened


def notify(people, kind: str, name: str = "k.rowan", subject=None) -> Notification:
    account = people.account(name)
    with unit_of_work():
        tell(kind, [account.id], subject)
    return db.session.query(Notification).filter_by(kind=kind).order_by(Notification.id.desc()).first()


def jobs() -> list[Job]:
    db.session.expire_all()
    return db.session.query(Job).filter_by(kind="mail").order_by(Job.id).all()


def body(mail) -> str:
    return mail.get_content().replace("\r\n", "\n").strip()


def wanted(people, name: str, *kinds: str) -> None:
    """The person chooses exactly these kinds."""
    actor = people.actor(name)
    with unit_of_work():
        mail_domain.choose(actor, kinds)


# What leaves -----------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-11")
def test_a_mail_says_its_sentence_and_where_to_look(box, people, make, run_jobs):
    request = make.request(state="discussed")
    notify(people, "work_received", subject=request)
    box.mails.clear()
    run_jobs()
    mail = next(one for one in box.mails if one["To"] == "k.rowan@example.test")
    kind = policy().mail["mail-hand-over"]
    assert body(mail) == f"{kind.text}\n\nhttps://corroborate.test/notifications"
    assert (mail["From"], mail["Subject"]) == ("portal@example.test", f"Police Department: {kind.title}")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@corroborate\.test>", mail["Message-ID"])
    assert all(job.state == "done" for job in jobs())


@needs_models
@pytest.mark.clause("ACC-5", "ACC-10", "ACC-11")
def test_nothing_that_identifies_anybody_leaves_by_mail(box, app, make, people, run_jobs):
    """A whole case, with everybody's mail switched on and a threat to life, so that every mail there is leaves."""
    for name in ("k.rowan", "j.maple", "n.finch", "c.hawthorn", "v.osprey", "d.lark", "s.alder", "a.plover"):
        wanted(people, name, *policy().mail)
    request = make.request(state="under_examination", values=URGENT)
    rowan, plover = people.actor("k.rowan"), people.actor("a.plover")
    with unit_of_work():
        workload.hand_over(request, rowan, plover, "The Serendipity lamp makes the nose look broader.")
    with unit_of_work():
        workload.hand_over(request, plover, people_again(people, rowan), "Back again; nothing was compared meanwhile.")
    make.advance_to(request, "closed")
    with unit_of_work():
        # and one of every kind there is
        for kind in SENTENCES:
            tell(kind, [rowan.id], request)
    run_jobs()
    assert len(box.mails) > len({kind for mail in policy().mail.values() for kind in mail.kinds})
    given = load_accounts().people.values()
    secret = {request.number, request.case_number, request.uid, "FR-", "Serendipity", "nose", "tomorrow morning"}
    secret |= {word for person in given for word in (person.full_name, person.given_name, person.surname)}
    secret |= {report.number for report in request.reports} | {report.code for report in request.reports}
    secret |= {candidate.person.private["name"] for candidate in request.searches[0].candidates}
    secret |= {candidate.photo.record_number for candidate in request.searches[0].candidates}
    secret |= {sentence for sentence in NARRATIVE.split(". ") if sentence}
    said = {kind.text for kind in policy().mail.values()}
    for raw, mail in zip(box.raw, box.mails, strict=True):
        whole = "\n".join(line for line in raw.decode().splitlines() if not line.startswith("To: "))
        found = [word for word in secret if re.search(rf"\b{re.escape(word)}\b", whole, re.IGNORECASE)]
        assert found == [], mail["Subject"]
        # and nothing but the sentence and the link, whatever was forgotten above
        sentence, link = body(mail).split("\n\n")
        assert sentence in said
        assert link == "https://corroborate.test/notifications"
        assert set(mail.keys()) <= {
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        }


def people_again(_people, actor):
    """The same person as receiver: see receiver_of."""
    return actor


def test_every_notification_has_one_kind_of_mail_and_no_mail_has_room_for_a_number():
    told = [kind for mail in policy().mail.values() for kind in mail.kinds]
    assert sorted(told) == sorted(SENTENCES)
    assert [mail.id for mail in policy().mail.values() if re.search(r"[{}<>%\d]", mail.title + mail.text)] == []


# To whom ---------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-7")
def test_a_person_chooses_kind_by_kind(box, people, run_jobs):
    wanted(people, "k.rowan", "mail-new-work")
    notify(people, "work_assigned")
    notify(people, "request_submitted")
    run_jobs()
    assert [mail["Subject"].split(": ")[1] for mail in box.mails] == [policy().mail["mail-new-work"].title]
    assert db.session.query(Notification).count() == 2, "in the portal stand both"
    wanted(people, "k.rowan")
    notify(people, "request_submitted")
    assert run_jobs() == 0


@pytest.mark.clause("USE-6", "AUD-2")
def test_a_threat_to_life_is_mailed_whatever_was_chosen(box, people, make, run_jobs):
    for name in ("k.rowan", "c.hawthorn"):
        wanted(people, name)
    calm, urgent = make.request(state="discussed"), make.request(state="discussed", values=URGENT)
    run_jobs()
    box.mails.clear()
    notify(people, "work_assigned", subject=calm)
    run_jobs()
    assert box.mails == []
    notify(people, "work_assigned", subject=urgent)
    notify(people, "lies_unassigned", "c.hawthorn", calm)
    run_jobs()
    assert [mail["To"] for mail in box.mails] == ["k.rowan@example.test", "c.hawthorn@example.test"]


@pytest.mark.clause("ACC-2")
def test_nothing_goes_to_whoever_left_and_to_no_address_of_before(box, people, run_jobs, change_person):
    notify(people, "work_assigned")
    change_person("k.rowan", disabled=True)
    run_jobs()
    assert box.mails == []
    assert [job.state for job in jobs()] == ["done"]


def test_without_a_mail_server_no_mail_is_asked_for(app, people, run_jobs):
    notify(people, "work_assigned")
    assert jobs() == []


def test_what_is_rolled_back_is_never_mailed(box, people, run_jobs):
    account = people.account("k.rowan")
    with pytest.raises(RuntimeError, match="undone"), unit_of_work():
        tell("work_assigned", [account.id])
        raise RuntimeError("undone")
    assert run_jobs() == 0
    assert box.mails == []


def test_a_notification_that_was_disposed_of_is_not_mailed(box, people, run_jobs):
    row = notify(people, "work_assigned")
    with unit_of_work() as rows:
        rows.delete(db.session.get_one(Notification, row.id))
    run_jobs()
    assert box.mails == []


def test_a_second_run_after_a_crash_is_the_same_mail(box, people, run_jobs):
    row = notify(people, "work_assigned")
    uid = row.uid
    job = jobs()[0]
    mail_job.send_mail(job)
    run_jobs()
    assert {mail["Message-ID"] for mail in box.mails} == {f"<{uid}@corroborate.test>"}


# A server that fails ---------------------------------------------------------------------------------------


def test_a_server_that_is_down_never_fails_the_request_and_is_tried_again(use, make, sign_in, run_jobs):
    with mail_server() as gone:
        url = gone.url()
    use(url)
    request = make.request(state="discussed")
    page = f"/review/{request.number}"
    answer = send(sign_in("k.rowan"), page, f"{page}/accept", **{"accept-use": request.use_id})
    assert answer.status_code == 303
    run_jobs()
    held = jobs()
    assert {(job.state, job.error) for job in held} == {
        ("queued", "The mail server cannot be used: nothing listens at its address.")
    }
    assert all(job.attempts and job.not_before > now() - timedelta(seconds=30) for job in held)
    # an administrator is told, and told nothing about anybody
    seen = sign_in("f.spruce").get("/mail").get_data(as_text=True)
    assert "nothing listens at its address" in seen
    assert request.number not in seen
    assert "example.test</" not in seen.replace("portal@example.test", "")


@pytest.mark.parametrize(
    ("answer", "state", "error"),
    [
        ("451 Try later, k.rowan@example.test", "queued", "The mail server refused the mail (451)."),
        ("550 No such user k.rowan@example.test", "failed", "The mail server refused the mail (550)."),
    ],
)
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(box, people, run_jobs, answer, state, error):
    box.answer = answer
    notify(people, "work_assigned")
    run_jobs()
    assert [(job.state, job.error) for job in jobs()] == [(state, error)]
    status = mail_status.current()
    assert [problem.cause for problem in status.problems] == [error]
    assert (status.undelivered, status.waiting) == ((1, 0) if state == "failed" else (0, 1))
    box.answer = None
    with unit_of_work():
        for job in jobs():
            job.not_before = now() - timedelta(seconds=1)
    run_jobs()
    assert len(box.mails) == (1 if state == "queued" else 0)


def test_a_directory_without_an_address_is_named(box, people, app, run_jobs, settings):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], ldap_mail_attribute="otherMailbox")
    notify(people, "work_assigned")
    run_jobs()
    assert [(job.state, job.error) for job in jobs()] == [
        ("failed", "The directory holds no e-mail address for the person.")
    ]


@pytest.mark.clause("ACC-10")
def test_mail_travels_encrypted_to_a_server_whose_certificate_is_trusted(use, people, run_jobs, tmp_path):
    certificate = make_certificate(tmp_path)
    sign_in = f"{USER}:{quote(PASSWORD, safe='')}@"
    with mail_server(certificate) as box:
        use(box.url(sign_in=sign_in))
        notify(people, "work_assigned")
        run_jobs()
        assert box.mails == []
        assert jobs()[0].error == "The mail server cannot be used: its certificate is not trusted."
        use(box.url(sign_in=sign_in), smtp_ca_file=certificate)
        with unit_of_work():
            jobs()[0].not_before = now() - timedelta(seconds=1)
        run_jobs()
        assert (len(box.mails), box.encrypted, box.signed_in) == (1, [True], [True])
        use(box.url(sign_in=f"{USER}:wrong@"), smtp_ca_file=certificate)
        notify(people, "work_assigned")
        run_jobs()
        assert jobs()[-1].error == "The mail server refused the portal's own sign-in (535)."


@pytest.mark.clause("ACC-10")
def test_a_server_elsewhere_without_starttls_gets_nothing(box, people, run_jobs, monkeypatch):
    monkeypatch.setattr(mail_job, "is_loopback", lambda host: False)
    notify(people, "work_assigned")
    run_jobs()
    assert box.mails == []
    assert jobs()[0].error == "The mail server cannot be used: it does not offer STARTTLS."


# The choice ------------------------------------------------------------------------------------------------


@pytest.mark.clause("ACC-7")
def test_the_page_offers_what_ones_roles_get_and_keeps_the_choice(box, people, sign_in, post):
    client = sign_in("c.hawthorn")
    page = client.get("/notifications/mail").get_data(as_text=True)
    assert "c.hawthorn@example.test" in page
    assert policy().mail["mail-final-review"].title in page
    assert policy().mail["mail-peer-review"].title not in page
    assert 'name="mail-unassigned"' not in page, "what always comes is not asked"
    answer = post(client, "/notifications/mail", {"mail-final-review": "y"}, page="/notifications/mail")
    assert answer.status_code == 303
    actor = people.actor("c.hawthorn")
    assert [kind for kind, by_mail in mail_domain.choices(actor).items() if by_mail] == [
        "mail-final-review",
        "mail-unassigned",
    ]
    assert db.session.query(MailChoice).filter_by(account_id=actor.id, by_mail=True).count() == 1


def test_nobody_is_offered_what_roles_do_not_get(sign_in):
    assert "could come by e-mail" in sign_in("x.magpie").get("/notifications/mail").get_data(as_text=True)


def test_the_portal_says_where_no_mail_is_sent(sign_in):
    assert "sends no e-mail" in sign_in("d.lark").get("/notifications/mail").get_data(as_text=True)
    assert "No mail server is set" in sign_in("f.spruce").get("/mail").get_data(as_text=True)
    assert notifications.SENTENCES["past_due"]
