"""Answers by mail. In: mails to her own address, by webhook and IMAP. Out: suggestions once, never a machine's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
import sqlalchemy as sa
import trustme
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from emails import reply_to
from service import choices, clock, compose, config, create_app, inbound, inbound_mailbox, inbound_settings, suggestions
from service.cli.inbound import inbound as command
from service.database import db
from service.delivery.port import Parcel
from service.delivery.sendgrid_body import Bodies
from service.inbound import Outcome
from service.models import Employee, RetiredLink, Suggestion
from tests import noor as world
from tests import postroom
from tests.conftest import environment
from tests.imap_server import Imap
from tests.sendgrid_server import key_pair, signed

SECRET = "a-secret-of-the-webhook-of-the-tests"
ADDRESS = "suggest@in.fjord.example"
PRIVATE, PUBLIC = key_pair()

Made = Callable[..., Flask]


@pytest.fixture
def make(settings: config.Config, database_url: str, redis_url: str) -> Iterator[Made]:
    """Make the application with an address for answers, and what else is wanted."""
    contexts = []

    def with_settings(**more: str) -> Flask:
        found = {**environment(database_url, redis_url, settings.data), "GOODWORD_INBOUND_ADDRESS": ADDRESS, **more}
        app = create_app(config.read(found))
        contexts.append(app.app_context())
        contexts[-1].push()
        return app

    yield with_settings
    db.session.remove()
    db.engine.dispose()
    for each in contexts:
        each.pop()
    clock.use(None)


def token(employee: Employee) -> str:
    return reply_to.token(compose.inbound_key(), bytes.fromhex(employee.link_id))


def answer(employee: Employee, text: str = "See https://example.com/tides", **more: str) -> bytes:
    """Return her answer as a mail program makes it."""
    mail = EmailMessage()
    head = {
        "From": "Noor Benali <Noor.Benali@fjord.example>",
        "To": f"Liam <{reply_to.address(ADDRESS, token(employee))}>",
        "Subject": "Re: six reads",
        "Message-ID": "<one@mail.example>",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    for name, value in head.items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def kept() -> list[Suggestion]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Suggestion).order_by(Suggestion.id)))


def test_a_digest_names_an_address_of_her_own_that_says_nothing_of_her(make: Made) -> None:
    make()
    noor, other = postroom.open_room(2)
    postroom.digest_week([noor, other])
    raws = [compose.message_of(postroom.row(n)).raw for n in (1, 2)]
    first, second = (message_from_bytes(raw, policy=default)["Reply-To"].addresses[0] for raw in raws)
    assert first.addr_spec == reply_to.address(ADDRESS, token(noor)) != second.addr_spec
    assert first.display_name == "Liam" and len(first.username) == len("suggest+") + reply_to.LENGTH
    assert "p0" not in first.addr_spec and compose.message_of(postroom.row(1)).raw == raws[0]


def test_a_call_of_many_digests_names_everybodys_own_address(make: Made) -> None:
    make()
    people = postroom.open_room(3)
    people[1].name = "-gw.me-"  # like a tag: her digest leaves alone
    postroom.digest_week(people)
    sharing, alone = Bodies({}).together([parcel(n) for n in (1, 2, 3)])
    call = json.loads(sharing.body(sharing.members, "ab" * 16))
    told = [fill(call["reply_to"]["email"], one["substitutions"]) for one in call["personalizations"]]
    assert told == [reply_to.address(ADDRESS, token(who)) for who in (people[0], people[2])]
    call = json.loads(alone.body(alone.members, "ab" * 16))
    assert call["reply_to"] == {"email": reply_to.address(ADDRESS, token(people[1])), "name": "Liam"}


def parcel(number: int) -> Parcel:
    row = postroom.row(number)
    due = compose.due_of(row)
    composer, address = compose.Composer(), compose.address_of(row)
    return Parcel(number, row.kind, composer.message(due, address), composer.digest(due, address))


def fill(text: str, tags: dict[str, str]) -> str:
    for tag, value in tags.items():
        text = text.replace(tag, value)
    return text


def test_without_a_setting_answers_go_to_the_liaison(app: Flask) -> None:
    noor = postroom.open_room(1)
    postroom.digest_week(noor)
    assert b"Reply-To: Liam\r\n <liam@beacon.example>" in compose.message_of(postroom.row(1)).raw
    assert inbound_mailbox.poll_due() == 0


def test_an_answer_is_kept_once_with_its_own_words_and_link(make: Made) -> None:
    make()
    noor = world.begin()
    text = "Good one: https://example.com/tides.\n\nOn Tue, 17 Nov 2026 at 09:00, Liam <n@x.example> wrote:\n> https://b.example/c"
    assert inbound.take(answer(noor, text)) is Outcome.KEPT
    assert inbound.take(answer(noor, text)) is Outcome.AGAIN
    (found,) = kept()
    assert (found.subject, found.url, found.why) == (
        noor.subject,
        "https://example.com/tides",
        "Good one: https://example.com/tides.",
    )
    assert (found.way, found.sender, found.stop, found.state) == ("mail", "", False, "new")
    assert inbound.take(answer(noor, Message_ID="<two@mail.example>")) is Outcome.KEPT


def test_her_token_in_capitals_and_in_an_envelope_is_hers(make: Made) -> None:
    make()
    noor = world.begin()
    at = reply_to.address(ADDRESS, token(noor)).upper()
    assert inbound.take(answer(noor, To=at)) is Outcome.KEPT
    hidden = answer(noor, To="undisclosed@x.example", Message_ID="<2@x>")
    assert inbound.take(hidden) is Outcome.NOT_OURS
    assert inbound.take(hidden, {"from": "n@x.example", "to": [at]}) is Outcome.KEPT


def test_a_mail_from_another_address_waits_until_the_liaison_says_that_it_was_she(make: Made) -> None:
    make()
    noor = world.begin()
    inbound.take(answer(noor, From="noor@private.example"))
    (found,) = kept()
    assert found.sender == "noor@private.example" and suggestions.hers(noor) == []
    with pytest.raises(suggestions.Settled, match="another address"):
        suggestions.accept(found, {"title": "Tides", "url": found.url})
    suggestions.vouch(kept()[0])
    assert suggestions.answer(kept()[0], "Thank you.") and suggestions.hers(noor) != []


@pytest.mark.parametrize(
    ("more", "becomes"),
    [
        ({"Auto_Submitted": "auto-replied (vacation)"}, Outcome.AUTOMATIC),
        ({"X_Autoreply": "yes"}, Outcome.AUTOMATIC),
        ({"Precedence": "bulk"}, Outcome.AUTOMATIC),
        ({"Return_Path": "<>"}, Outcome.AUTOMATIC),
        ({"From": "MAILER-DAEMON@mx.example"}, Outcome.AUTOMATIC),
        ({"Subject": "Risposta automatica: sei letture"}, Outcome.AUTOMATIC),
        ({"Subject": "Samodejni odgovor: šest"}, Outcome.AUTOMATIC),
        ({"To": "suggest@in.fjord.example"}, Outcome.NOT_OURS),
        ({"To": f"suggest+{'a' * 40}@in.fjord.example"}, Outcome.NOT_OURS),
        ({"Auto_Submitted": "no"}, Outcome.KEPT),
    ],
)
def test_what_a_machine_wrote_or_nobody_gave_is_never_kept(make: Made, more: dict[str, str], becomes: Outcome) -> None:
    make()
    assert inbound.take(answer(world.begin(), **more)) is becomes
    assert len(kept()) == (becomes is Outcome.KEPT)


def test_a_wish_for_no_more_mails_is_shown_and_nothing_is_done(make: Made) -> None:
    make()
    noor = world.begin()
    inbound.take(answer(noor, "Please unsubscribe me, thanks."))
    (found,) = kept()
    assert found.stop and found.url == "" and choices.mail_stopped(noor) is None
    suggestions.put_away(found)
    assert kept()[0].state == "aside" and suggestions.waiting() == 0
    suggestions.fetch_back(kept()[0])
    assert suggestions.waiting() == 1


def test_an_ended_address_an_empty_mail_and_too_many_are_not_kept(make: Made) -> None:
    make()
    noor = world.begin()
    raw = answer(noor)
    assert inbound.take(answer(noor, "> only a quotation\n")) is Outcome.EMPTY
    assert inbound.take(answer(noor, "Back: https://good.example/me/x > y")) is Outcome.KEPT
    for n in range(inbound.A_DAY - 1):
        assert inbound.take(answer(noor, Message_ID=f"<{n}@x>")) is Outcome.KEPT
    assert inbound.take(answer(noor, Message_ID="<more@x>")) is Outcome.TOO_MANY
    assert kept()[0].url == ""
    db.session.add(RetiredLink(link_id=noor.link_id, employee_id=noor.id))
    noor.link_id = "00" * 8
    db.session.commit()
    assert inbound.take(raw) is Outcome.ENDED


def parsed(employee: Employee, **more: Any) -> dict[str, Any]:
    """Return the fields of Inbound Parse, the text in Latin-1 as it came."""
    head = answer(employee).split(b"\n\n")[0].decode()
    return {
        "headers": head,
        "text": ("È bello: https://example.com/acqua".encode("latin-1"), None),
        "html": "<p>x</p>",
        "charsets": json.dumps({"to": "UTF-8", "text": "iso-8859-1", "html": "UTF-8"}),
        "envelope": json.dumps(
            {"to": [reply_to.address(ADDRESS, token(employee))], "from": "noor.benali@fjord.example"}
        ),
        **more,
    }


def body_of(fields: dict[str, Any]) -> bytes:
    parts = []
    for name, value in fields.items():
        plain = value[0] if isinstance(value, tuple) else value.encode() if isinstance(value, str) else value
        more = '; filename="a.jpg"' if name == "attachment1" else ""
        parts.append(
            b'--b0\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % (name.encode(), more.encode(), plain)
        )
    return b"".join([*parts, b"--b0--\r\n"])


def post(client: FlaskClient, fields: dict[str, Any], path: str = SECRET, headers: dict[str, str] | None = None) -> int:
    sent = {**(headers or {}), "Content-Type": "multipart/form-data; boundary=b0"}
    answered = client.post(f"/hooks/sendgrid/inbound/{path}", data=body_of(fields), headers=sent)
    db.session.rollback()
    return answered.status_code


def test_inbound_parse_brings_mails_apart_or_whole_behind_its_secret(make: Made) -> None:
    client = make(GOODWORD_INBOUND_SECRET=SECRET).test_client()
    noor = world.begin()
    fields = parsed(noor, attachment1=b"\xff" * 3_000_000)
    assert post(client, fields, "another") == 404 and kept() == []
    assert [post(client, fields), post(client, fields)] == [204, 204]
    (found,) = kept()
    assert (found.why, found.url, found.sender) == (
        "È bello: https://example.com/acqua",
        "https://example.com/acqua",
        "",
    )
    whole = {"email": answer(noor, Message_ID="<raw@x>"), "envelope": fields["envelope"]}
    assert post(client, whole) == 204 and len(kept()) == 2
    bounced = parsed(noor, headers=fields["headers"].replace("one@", "b@"), envelope=json.dumps({"from": "", "to": []}))
    assert post(client, bounced) == 204 and len(kept()) == 2
    assert post(client, {"text": "no headers"}) == 400
    assert client.post(f"/hooks/sendgrid/inbound/{SECRET}", data=b"x").status_code == 400


def test_where_a_key_is_configured_only_signed_bodies_are_taken(make: Made) -> None:
    client = make(GOODWORD_INBOUND_SECRET=SECRET, GOODWORD_INBOUND_KEY=PUBLIC).test_client()
    fields = parsed(world.begin())
    body = body_of(fields)
    assert post(client, fields) == 403 and kept() == []
    assert post(client, fields, headers=signed(key_pair()[0], body, clock.now().timestamp())) == 403
    assert post(client, fields, headers=signed(PRIVATE, body, clock.now().timestamp())) == 204 and len(kept()) == 1


def test_no_webhook_without_a_secret(make: Made) -> None:
    assert post(make().test_client(), {"email": "x"}, "x") == 404


@pytest.mark.sockets
def test_a_mailbox_is_read_once_and_one_bad_mail_never_stops_the_rest(
    make: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Imap() as server:
        url = f"imap+plain://suggest:p%40ss%2Fword@127.0.0.1:{server.port}"
        app = make(GOODWORD_INBOUND_IMAP_URL=url)
        noor = world.begin()
        first = server.put(answer(noor) + b"x" * 1_000_000)
        bad = server.put(b"\xff\xfe\x00 broken")
        machine = server.put(answer(noor, Auto_Submitted="auto-replied", Message_ID="<m@x>"))
        seen = server.put(answer(noor, Message_ID="<seen@x>"), "\\Seen")
        odd = server.put(answer(noor, "Odd words", Message_ID="<odd@x>"))
        last = server.put(answer(noor, "Last words", Message_ID="<last@x>"))
        take = inbound.take

        def stumbling(raw: bytes) -> Outcome:
            if b"Odd words" in raw:
                raise RecursionError
            return take(raw)

        monkeypatch.setattr(inbound, "take", stumbling)
        assert inbound_mailbox.poll_due() == 2
        flags = {n: server.mails[n].flags for n in server.mails}
        assert flags[first] == flags[machine] == flags[last] == {"\\Seen"} and flags[seen] == {"\\Seen"}
        assert flags[bad] == flags[odd] == {"\\Flagged"}
        assert [s.why[:10] for s in kept()] == ["See https:", "Last words"]
        server.mails[first].flags.clear()  # as after a crash between the database and the mark
        assert inbound_mailbox.poll() == {Outcome.AGAIN: 1} and len(kept()) == 2
        assert inbound_mailbox.poll() == {}
        del app
    with pytest.raises(inbound_mailbox.NotReached):
        inbound_mailbox.poll()
    assert inbound_mailbox.poll_due() == 0


@pytest.mark.sockets
@pytest.mark.parametrize("able", ["MOVE UIDPLUS", "UIDPLUS", ""])
def test_what_was_dealt_with_goes_to_a_folder_and_what_a_person_should_see_stays(make: Made, able: str) -> None:
    with Imap(able=able) as server:
        url = f"imap+plain://suggest:p%40ss%2Fword@127.0.0.1:{server.port}"
        make(GOODWORD_INBOUND_IMAP_URL=url, GOODWORD_INBOUND_IMAP_DONE="Dealt with")
        noor = world.begin()
        server.put(answer(noor))
        bad = server.put(b"\xff\xfe\x00 broken")
        server.put(answer(noor, Auto_Submitted="auto-replied", Message_ID="<m@x>"))
        assert inbound_mailbox.poll()[Outcome.KEPT] == 1 and len(kept()) == 1
        assert server.mails[bad].flags == {"\\Flagged"}
        if able:
            assert set(server.mails) == {bad}
            assert [mail.flags - {"\\Deleted"} for mail in server.folders["Dealt with"]] == [{"\\Seen"}, {"\\Seen"}]
        else:
            assert len(server.mails) == 3 and not server.folders, "nothing is lost where nothing can be moved"
        server.refuses = True
        stays = server.put(answer(noor, "Next", Message_ID="<next@x>"))
        assert inbound_mailbox.poll()[Outcome.KEPT] == 1
        if able.startswith("MOVE"):
            assert server.mails[stays].flags == {"\\Seen"}


@pytest.mark.parametrize(
    ("done", "url"), [("Done", ""), ("INBOX", "imaps://u:p@host"), ("Opravljeno č", "imaps://u:p@h")]
)
def test_a_folder_that_cannot_be_used_is_refused_at_the_start(done: str, url: str) -> None:
    named = ("ADDRESS", "SECRET", "KEY", "IMAP_URL", "IMAP_DONE")
    values = {f"GOODWORD_INBOUND_{name}": "" for name in named}
    values |= {"GOODWORD_INBOUND_ADDRESS": "suggest@in.example.com"}
    with pytest.raises(ValueError, match="GOODWORD_INBOUND_IMAP_DONE"):
        inbound_settings.read({**values, "GOODWORD_INBOUND_IMAP_URL": url, "GOODWORD_INBOUND_IMAP_DONE": done})


@pytest.mark.sockets
def test_the_mailbox_is_read_over_tls_that_is_checked(make: Made) -> None:
    import ssl

    authority = trustme.CA()
    theirs, ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(theirs)
    with Imap(tls=theirs) as server:
        make(GOODWORD_INBOUND_IMAP_URL=f"imaps://suggest:p%40ss%2Fword@localhost:{server.port}/INBOX")
        server.put(answer(world.begin()))
        with pytest.raises(inbound_mailbox.NotReached):
            inbound_mailbox.poll()
        assert server.asked == [] and kept() == []
        authority.configure_trust(ours)
        assert inbound_mailbox.poll(ours) == {Outcome.KEPT: 1}


@pytest.mark.sockets
def test_a_refused_password_is_said_without_it(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with Imap() as server:
        app = make(GOODWORD_INBOUND_IMAP_URL=f"imap+plain://suggest:wrong@127.0.0.1:{server.port}")
        with pytest.raises(inbound_mailbox.NotReached) as refusal:
            inbound_mailbox.poll()
        assert "wrong" not in str(refusal.value) and "AUTHENTICATIONFAILED" in str(refusal.value)
        monkeypatch.setattr("service.create_app", lambda: app)
        told = CliRunner().invoke(command, ["poll"])
        assert told.exit_code == 1 and "The mailbox was not read" in told.output


@pytest.mark.parametrize(
    ("name", "value"),
    [("ADDRESS", "not an address"), ("SECRET", "short"), ("IMAP_URL", "imaps://host"), ("KEY", "nonsense")],
)
def test_settings_that_cannot_be_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(config.Misconfigured, match=f"GOODWORD_INBOUND_{name}"):
        config.read(
            {"GOODWORD_INBOUND_ADDRESS": ADDRESS, "GOODWORD_SECRET": "x" * 32, f"GOODWORD_INBOUND_{name}": value}
        )
    with pytest.raises(config.Misconfigured, match="GOODWORD_INBOUND_ADDRESS is missing"):
        config.read({"GOODWORD_SECRET": "x" * 32, "GOODWORD_INBOUND_SECRET": SECRET})
