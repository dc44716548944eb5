"""Headings. In: the first row of an HR system's export. Out: which column holds what, in seven languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

FIELDS = ("email", "name", "first", "last", "team", "office", "country", "language", "zone", "topics", "networks")
"""What a column may hold; first and last name are joined."""

_SYNONYMS = {
    "email": """email e-mail mail e-mail-address email-address mail-address address-email work-email business-email
        company-email office-email corporate-email primary-email work-mail emailwork user-principal-name upn
        email-id mail-id indirizzo-email indirizzo-mail indirizzo-e-mail indirizzo-di-posta-elettronica email-aziendale
        posta posta-elettronica e-posta eposta elektronska-posta e-naslov elektronski-naslov sluzbeni-email
        sluzbena-e-posta e-mail-adresse mailadresse emailadresse dienstliche-e-mail geschaftliche-e-mail
        adresse-email adresse-mail adresse-e-mail courriel email-professionnel mel correo correo-electronico
        direccion-de-correo email-corporativo correo-corporativo endereco-de-email correio-eletronico""",
    "name": """name full-name fullname display-name employee-name employee person complete-name preferred-name
        nome-completo nome-e-cognome cognome-e-nome nominativo dipendente ime-in-priimek priimek-in-ime
        polno-ime zaposleni vollstandiger-name anzeigename mitarbeiter mitarbeiterin nom-complet nom-et-prenom
        prenom-et-nom nombre-completo nombre-y-apellidos empleado""",
    "first": """first-name firstname given-name givenname forename first nome nome-di-battesimo ime vorname rufname
        prenom nombre nombres nome-proprio""",
    "last": """last-name lastname surname family-name familyname last cognome priimek nachname familienname zuname
        nom nom-de-famille apellido apellidos sobrenome apelido""",
    "team": """team department dept division unit business-unit org-unit organisation-unit organization-unit
        department-name group reparto squadra dipartimento area divisione unita oddelek ekipa enota sektor sluzba
        abteilung bereich gruppe mannschaft equipe departement service departamento equipo seccion setor""",
    "office": """office location site city office-location work-location place branch workplace sede ufficio citta
        luogo filiale pisarna lokacija mesto kraj poslovalnica buro standort ort stadt niederlassung bureau ville
        site-de-travail lieu oficina ciudad sede-de-trabajo centro-de-trabajo localidad escritorio cidade""",
    "country": """country country-code country-name country-region work-country country-of-work iso-country nation
        paese codice-paese nazione paese-di-lavoro stato-estero drzava koda-drzave drzava-dela sifra-drzave
        land landercode landerkennzeichen laenderkennzeichen staat pays code-pays pays-de-travail pais codigo-pais
        codigo-de-pais pais-de-trabajo""",
    "language": """language lang locale preferred-language mail-language language-code lingua lingua-preferita jezik
        sprache bevorzugte-sprache langue langue-preferee idioma lengua""",
    "zone": """time-zone timezone tz zone time-zone-name fuso-orario fuso zona-oraria casovni-pas casovno-obmocje
        zeitzone fuseau-horaire fuseau zona-horaria huso-horario fuso-horario""",
    "topics": """topics topic interests interest subjects follows argomenti argomento interessi temi tema teme
        podrocja zanimanja themen thema interessen sujets sujet themes centres-d-interet intereses temas assuntos
        interesses""",
    "networks": """networks network social-networks social-network social channels social-media platforms reti
        reti-sociali rete canali social-network-usati omrezja druzbena-omrezja druzabna-omrezja kanali netzwerke
        soziale-netzwerke kanale reseaux reseaux-sociaux canaux redes redes-sociales redes-sociais canales""",
}


def bare(text: str) -> str:
    """Return a heading's bones: no accents, small letters, single hyphens ("E-Mail_Address " → "e-mail-address")."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")


_MEANS = {bare(word): field for field, words in _SYNONYMS.items() for word in words.split()}


def columns_of(heading: Sequence[str]) -> dict[str, int]:
    """Return field → index for the headings that are known; of two for one field the first counts.

    "Name" beside a first name and without a last one is the last name (German, Italian and French exports).
    """
    found: dict[str, int] = {}
    for index, text in enumerate(heading):
        field = _MEANS.get(bare(text)) or _MEANS.get(bare(text).replace("-", ""))
        if field is not None:
            found.setdefault(field, index)
    if "name" in found and "first" in found and "last" not in found and bare(heading[found["name"]]) == "name":
        found["last"] = found.pop("name")
    if "name" in found:
        return {field: index for field, index in found.items() if field not in ("first", "last")}
    if "first" in found and "last" in found:
        return found
    alone = found.pop("first", found.pop("last", None))
    if alone is not None:
        found["name"] = alone  # "Nome" alone is the whole name
    return found


def score(heading: Sequence[str]) -> int:
    """Return how many columns this row names, 0 where none holds mail addresses: then it is no heading."""
    found = columns_of(heading)
    return len(found) if "email" in found else 0
