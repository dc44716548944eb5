"""Programmes, topics and campaigns. In: what a liaison types. Out: rows, or a refusal beside each field."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from service import campaigns, programmes, topics
from service.database import db
from service.models import Employee, SigningKey, Team
from service.validation import Invalid, key_of

ACME = {"name": "Acme Voices", "company": "Acme", "liaison_name": "Liam", "liaison_email": "liam@acme.example"}


def test_the_first_programme_brings_its_first_signing_key(app: Flask) -> None:
    made = programmes.create(**ACME, zone="europe/rome", languages="en, it, Slovenian")
    assert (made.id, made.zone, made.languages) == (1, "Europe/Rome", ["en", "it", "sl"])
    assert made.sender == "liam@acme.example"
    assert len(db.session.query(SigningKey).all()) == 1
    with pytest.raises(Invalid, match="There is a programme already"):
        programmes.create(**ACME)


def test_all_fields_that_cannot_stand_are_named_at_once(app: Flask) -> None:
    wrong: dict[str, Any] = {"zone": "Mars/Base", "languages": ["en", "qq"], "digest_size": 99, "slot_hour": "late"}
    with pytest.raises(Invalid) as refusal:
        programmes.create(**{**ACME, "name": " ", "liaison_email": "liam"}, **wrong, colour="red", tempo=3)
    expected = {"tempo", "name", "liaison_email", "zone", "languages", "digest_size", "slot_hour", "colour"}
    assert set(refusal.value.errors) == expected
    assert "Mars/Base" in str(refusal.value.errors["zone"])
    assert programmes.found() is None


def test_before_there_is_a_programme_the_refusal_says_how_to_make_one(app: Flask) -> None:
    with pytest.raises(programmes.NoProgramme, match="goodword programme create"):
        programmes.change(name="Other")


def test_a_change_touches_what_it_names_and_nothing_else(app: Flask) -> None:
    programmes.create(**ACME)
    changed = programmes.change(digest_size="4", opt_in=True, policy_url="https://acme.example/policy")
    assert (changed.digest_size, changed.opt_in, changed.name) == (4, True, "Acme Voices")
    with pytest.raises(Invalid):
        programmes.change(policy_url="javascript:alert(1)", name="Other")
    assert programmes.current().name == "Acme Voices"


@pytest.mark.parametrize("rules", [{"confirmd": 5}, {"confirmed": -1}, {"confirmed": "5"}])
def test_a_rule_that_scoring_does_not_know_is_refused(app: Flask, rules: dict[str, Any]) -> None:
    programmes.create(**ACME)
    with pytest.raises(Invalid) as refusal:
        programmes.change(rules=rules)
    assert "rules" in refusal.value.errors


def test_who_reads_a_language_that_is_no_longer_sent_gets_the_first_one(app: Flask) -> None:
    programmes.create(**ACME, languages="en,it,sl")
    people = [Employee(email=f"{code}@acme.example", language=code) for code in ("en", "it", "sl")]
    db.session.add_all(people)
    db.session.commit()
    programmes.change(languages="it,en")
    assert [person.language for person in people] == ["en", "it", "it"]


def test_a_topic_is_found_under_its_slug_its_name_and_its_translations(app: Flask) -> None:
    topic = topics.create("Open  source", {"it": "Codice aperto", "sl": "Odprta koda", "de": " "})
    assert (topic.slug, topic.name, topic.names) == (
        "open-source",
        "Open source",
        {"it": "Codice aperto", "sl": "Odprta koda"},
    )
    found = topics.lookup()
    assert {found[key_of(t)] for t in ("OPEN SOURCE", "open-source", "codice aperto", "Odprta Koda")} == {1}
    with pytest.raises(Invalid, match="of this name already"):
        topics.create("open-Source")


def test_a_renamed_topic_keeps_its_slug(app: Flask) -> None:
    topic = topics.create("People")
    topics.create("Security")
    assert topics.rename(topic, "People & culture").slug == "people"
    with pytest.raises(Invalid):
        topics.rename(topic, "security")


def test_topics_in_other_scripts_are_kept_apart(app: Flask) -> None:
    known = topics.add_missing(["безопасность", "дизайн", "Безопасность", "", "C++"])
    assert len(set(known.values())) == 3
    assert [t.slug for t in topics.all_topics()] == ["c", "topic", "topic-2"]


def test_a_campaign_cleans_its_hashtags_and_keeps_its_slug(app: Flask) -> None:
    db.session.add(Team(id=1, name="Sales"))
    db.session.commit()
    made = campaigns.create(
        name="Open house",
        starts_on="2026-11-01",
        ends_on=date(2026, 11, 30),
        hashtags="ToBeAPartner, #Odprta_Vrata #tobeapartner",
        audience=["1"],
        multiplier="2",
    )
    assert made.hashtags == ["#ToBeAPartner", "#Odprta_Vrata"]
    assert (made.slug, made.audience, made.multiplier) == ("open-house", [1], 2)
    assert campaigns.edit(made, name="Open days").slug == "open-house"
    assert campaigns.running(date(2026, 11, 30)) == [made]
    assert campaigns.running(date(2026, 12, 1)) == []


def test_a_campaign_says_beside_each_field_what_cannot_stand(app: Flask) -> None:
    campaigns.create(name="Open house", starts_on="2026-11-01", ends_on="2026-11-30")
    with pytest.raises(Invalid) as refusal:
        campaigns.create(
            name="open HOUSE",
            starts_on="2026-11-30",
            ends_on="2026-11-01",
            hashtags="#to-be #2026",
            audience=[7],
            multiplier=9,
        )
    assert set(refusal.value.errors) == {"name", "ends_on", "hashtags", "audience", "multiplier"}
    with pytest.raises(Invalid) as refusal:
        campaigns.create(name="", starts_on="soon", ends_on=None)
    assert set(refusal.value.errors) == {"name", "starts_on", "ends_on"}


def test_refusals_carry_their_values_apart_so_that_pages_can_translate_them(app: Flask) -> None:
    with pytest.raises(Invalid) as refusal:
        programmes.create(**{**ACME, "name": "x" * 90})
    words = refusal.value.errors["name"]
    assert words.message == "Keep it to %(longest)d characters; this has %(length)d."
    assert str(words) == "Keep it to 80 characters; this has 90."


def test_the_companys_own_networks_are_ranges_and_not_the_whole_internet(app: Flask) -> None:
    made = programmes.create(**ACME, company_networks="192.0.2.7/24; 2001:db8::/48, 192.0.2.0/24")
    assert made.company_networks == ["192.0.2.0/24", "2001:db8::/48"]
    for wrong in ("office", "0.0.0.0/0", "10.0.0.0/7"):
        with pytest.raises(Invalid) as refused:
            programmes.change(company_networks=wrong)
        assert wrong in str(refused.value.errors["company_networks"])
    assert programmes.change(company_networks="").company_networks == []
