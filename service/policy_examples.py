"""Policy examples. In: a programme, a language. Out: a short policy and style guide to begin with, kept by nobody yet.

They stand in the language of their readers, not in the liaison's, so they are texts here and no strings to translate.
"""

from __future__ import annotations

from service.models import Programme

POLICY = {
    "en": """Sharing is up to you. Nobody has to, nobody is asked why not, and nothing at work depends on it.

Share what you would show a friend, in your own words. Say that you work at %(company)s whenever you write about us.

Leave out what is not public: figures before they are published, customers without their yes, colleagues without \
theirs, and anything that somebody told you in confidence.

Your account is yours. We never ask for its password and never post in your name. What is wrong we correct, openly.

In doubt, ask %(liaison)s before you post: %(address)s.""",
    "it": """\
Condividere dipende da te. Nessuno è obbligato, nessuno ti chiede perché no, e nulla al lavoro dipende da questo.

Condividi ciò che mostreresti a un amico, con parole tue. Di’ che lavori per %(company)s ogni volta che scrivi di noi.

Tralascia ciò che non è pubblico: cifre prima che siano pubblicate, clienti senza il loro sì, colleghi senza il loro, \
e tutto ciò che ti è stato detto in confidenza.

Il tuo profilo è tuo. Non ti chiediamo mai la password e non pubblichiamo mai a tuo nome. Ciò che è sbagliato lo \
correggiamo apertamente.

Hai un dubbio? Chiedi a %(liaison)s prima di pubblicare: %(address)s.""",
    "sl": """\
Deljenje je tvoja odločitev. Nikomur ni treba, nihče ne sprašuje, zakaj ne, in nič v službi ni odvisno od tega.

Deli, kar bi pokazal prijateljem, s svojimi besedami. Kadar pišeš o nas, povej, da delaš pri %(company)s.

Izpusti, kar ni javno: številke pred objavo, stranke brez njihovega pristanka, sodelavce brez njihovega, in vse, kar \
ti je kdo zaupal.

Tvoj profil je tvoj. Nikoli ne prosimo za geslo in nikoli ne objavljamo v tvojem imenu. Kar je narobe, odkrito \
popravimo.

V dvomih pred objavo vprašaj: %(liaison)s, %(address)s.""",
}

STYLE_GUIDE = {
    "en": """Write as you speak: short sentences, plain words, I rather than we.

Say what you saw, made or learned. One thing a post is enough. A number, a name or a place says more than praise.

No superlatives, no promises, no words that you would not say across a table. Two hashtags are plenty.

Describe pictures in a few words, so that everybody can read them.""",
    "it": """Scrivi come parli: frasi brevi, parole semplici, io invece di noi.

Racconta ciò che hai visto, fatto o imparato. Una cosa per post basta. Un numero, un nome o un luogo dicono più di \
una lode.

Niente superlativi, niente promesse, nessuna parola che non diresti a tavola. Due hashtag bastano.

Descrivi le immagini in poche parole, così tutti possono leggerle.""",
    "sl": """Piši, kot govoriš: kratki stavki, preproste besede, jaz namesto mi.

Povej, kaj si videl, naredil ali se naučil. Ena stvar na objavo zadošča. Številka, ime ali kraj povedo več kot hvala.

Brez presežnikov, brez obljub, brez besed, ki jih ne bi rekel za mizo. Dva ključnika sta dovolj.

Slike opiši z nekaj besedami, da jih lahko berejo vsi.""",
}

_TEXTS = {"policy": POLICY, "style_guide": STYLE_GUIDE}


def example(programme: Programme, name: str, language: str) -> str:
    """Return a text to begin with, for `policy` or `style_guide`; "" in a language that has none."""
    text = _TEXTS.get(name, {}).get(language, "")
    facts = {"company": programme.company, "liaison": programme.liaison_name, "address": programme.liaison_email}
    return text % facts if text else ""
