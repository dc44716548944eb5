"""The programme and its people. In: nothing. Out: Lunaria's programme, topics, campaigns, prizes and 40 employees.

Lunaria runs sleeper trains between Ljubljana, Trieste and Bristol Harbour; company and people are invented.
"""

from __future__ import annotations

PROGRAMME = {
    "name": "Window Seat",
    "company": "Lunaria Night Trains",
    "liaison_name": "Nives Morel",
    "liaison_email": "nives.morel@lunaria.example.com",
    "zone": "Europe/Ljubljana",
    "languages": ("en", "it", "sl"),
    "slot_weekday": 2,
    "slot_hour": 9,
    "policy": {
        "en": "Share what you would show a friend. Nobody has to, and nobody counts who does not.\n\n"
        "Your own words are the best ones. Say that you work with us: we add a line to every post, so that you need not "
        "remember.\n\nLeave out what passengers tell you, timetables that are not public, and promises about "
        "punctuality.\n\nIn doubt? Ask Nives before you post. She answers the same day.",
        "it": "Condividi ciò che mostreresti a un amico. Nessuno è obbligato e nessuno conta chi non lo fa.\n\n"
        "Le tue parole sono le migliori. Di' che lavori con noi: aggiungiamo una riga a ogni post, così non devi "
        "ricordartene.\n\nTralascia ciò che ti raccontano i passeggeri, gli orari non pubblici e le promesse sulla "
        "puntualità.\n\nHai un dubbio? Chiedi a Nives prima di pubblicare. Risponde in giornata.",
        "sl": "Deli, kar bi pokazal prijatelju. Nikomur ni treba in nihče ne šteje, kdo tega ne počne.\n\n"
        "Tvoje besede so najboljše. Povej, da delaš pri nas: vsaki objavi dodamo vrstico, da ti ni treba misliti na "
        "to.\n\nIzpusti, kar ti zaupajo potniki, neobjavljene vozne rede in obljube o točnosti.\n\n"
        "V dvomih? Pred objavo vprašaj Nives. Odgovori še isti dan.",
    },
    "disclosure": {
        "en": "I work at Lunaria Night Trains",
        "it": "Lavoro per Lunaria Night Trains",
        "sl": "Zaposlitev: Lunaria Night Trains",
    },
    "block_list": {
        "always on time": "Nobody can promise that. Say what we measured.",
        "cheapest": "Prices change daily. Name the price and the date instead.",
    },
}
DEMO_PASSWORD = "window-seat-demo"  # noqa: S105  (of a demo that listens on this machine only; shown on its banner)

TOPICS: dict[str, tuple[str, str, str]] = {
    "night": ("Night travel", "Viaggi di notte", "Nočna potovanja"),
    "dining": ("Dining car", "Carrozza ristorante", "Jedilni vagon"),
    "craft": ("Restoration and craft", "Restauro e mestieri", "Obnova in obrt"),
    "places": ("Places along the line", "Luoghi lungo la linea", "Kraji ob progi"),
    "climate": ("Climate", "Clima", "Podnebje"),
    "people": ("Our people", "Le nostre persone", "Naši ljudje"),
    "hosting": ("Design and hosting", "Design e ospitalità", "Oblikovanje in gostoljubje"),
    "engineering": ("Engineering", "Ingegneria", "Inženirstvo"),
}
"""Key → name in English, Italian and Slovenian."""

TEAMS = {"crew": "On board", "workshop": "Workshop", "kitchen": "Kitchen", "office": "Front office"}

CAMPAIGNS = {
    "spring": {
        "name": "Sleep across the Alps",
        "goal": "Fill the new Tuesday departure to Bristol Harbour",
        "hashtags": ("#SleepAcrossTheAlps", "#NightTrain"),
        "from": -12,
        "until": 18,
        "multiplier": 2,
        "audience": (),
    },
    "join": {
        "name": "Come and work nights",
        "goal": "Twelve new colleagues for crew and workshop",
        "hashtags": ("#WorkNights",),
        "from": -30,
        "until": 30,
        "multiplier": 1,
        "audience": ("crew", "workshop"),
    },
}
"""Key → campaign; `from` and `until` are days from this week's digest."""

PRIZES = (
    ("A night for two in the panorama compartment", "340 EUR"),
    ("Dinner for four in the dining car", "180 EUR"),
    ("A wool blanket from the 1962 series", "90 EUR"),
)

WORDS: tuple[dict[str, str], ...] = (
    {
        "en": "{name}, the first hundred beds to Bristol are on sale, and here is something to read on the way. Nives",
        "it": "{name}, i primi cento letti per Bristol sono in vendita, ed ecco qualcosa da leggere in viaggio. Nives",
        "sl": "{name}, prvih sto ležišč do Bristola je naprodaj, tu pa je še nekaj branja za na pot. Nives",
    },
    {
        "en": "{name}, our line to Bristol is official, and you may tell everybody. Nives",
        "it": "{name}, la linea per Bristol è ufficiale e puoi dirlo a tutti. Nives",
        "sl": "{name}, proga do Bristola je uradna in to lahko poveš vsem. Nives",
    },
)
"""The liaison's sentence, this week's first and last week's after it; weeks before had the usual one."""

ZONES = {"Ljubljana": "Europe/Ljubljana", "Trieste": "Europe/Rome", "Bristol": "Europe/London"}

PEOPLE: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("Noor Benali", "crew", "Trieste", "it", "night dining places hosting people climate", "linkedin facebook whatsapp"),
    ("Tilen Kovač", "workshop", "Ljubljana", "sl", "craft engineering climate places dining", "linkedin x mastodon"),
    ("Hattie Pryce", "office", "Bristol", "en", "night climate places people craft dining", "linkedin bluesky threads"),
    ("Giulia Fabbri", "kitchen", "Trieste", "it", "dining hosting places night people craft engineering", "facebook whatsapp threads"),
    ("Luka Zupan", "crew", "Ljubljana", "sl", "night people places dining engineering hosting climate", "facebook x linkedin"),
    ("Owen Asante", "crew", "Bristol", "en", "night hosting people places craft", "linkedin x reddit"),
    ("Maja Hribar", "office", "Ljubljana", "sl", "climate night engineering people craft hosting places", "linkedin bluesky mastodon"),
    ("Matteo Rinaldi", "workshop", "Trieste", "it", "craft engineering night climate dining places", "linkedin telegram"),
    ("Priya Nair", "office", "Bristol", "en", "climate engineering places hosting dining", "linkedin x threads"),
    ("Jernej Oblak", "workshop", "Ljubljana", "sl", "craft engineering climate places people", "linkedin reddit mastodon"),
    ("Chiara Lombardi", "office", "Trieste", "it", "places climate people hosting night dining", "linkedin facebook"),
    ("Samuel Whitlock", "kitchen", "Bristol", "en", "dining places hosting craft climate people", "threads facebook bluesky"),
    ("Eva Petek", "kitchen", "Ljubljana", "sl", "dining places people climate engineering hosting craft", "facebook whatsapp telegram"),
    ("Davide Moretti", "crew", "Trieste", "it", "night places people engineering hosting dining craft", "x linkedin"),
    ("Rosalind Achebe", "workshop", "Bristol", "en", "craft engineering people dining night places", "linkedin mastodon bluesky"),
    ("Anže Golob", "crew", "Ljubljana", "sl", "night hosting climate dining craft people engineering", "linkedin whatsapp"),
    ("Elena Visentin", "kitchen", "Trieste", "it", "dining climate hosting night engineering", "linkedin threads facebook"),
    ("Callum Frost", "crew", "Bristol", "en", "night places engineering dining hosting craft", "reddit x"),
    ("Neža Bizjak", "office", "Ljubljana", "sl", "people hosting night places craft", "linkedin xing email"),
    ("Paolo Ferri", "workshop", "Trieste", "it", "craft engineering places hosting climate night", "facebook telegram whatsapp"),
    ("Imogen Hale", "office", "Bristol", "en", "people hosting climate night craft dining", "linkedin email"),
    ("Žiga Turk", "workshop", "Ljubljana", "sl", "engineering craft night dining climate people", "x mastodon reddit"),
    ("Francesca Neri", "crew", "Trieste", "it", "night people dining hosting craft", "facebook linkedin"),
    ("Theo Marchetti", "kitchen", "Bristol", "en", "dining craft places climate night engineering", "bluesky threads x"),
    ("Katja Vidmar", "crew", "Ljubljana", "sl", "places people night dining climate craft engineering", "facebook linkedin whatsapp"),
    ("Simone Gallo", "crew", "Trieste", "it", "engineering night climate people dining places", "linkedin"),
    ("Freya Donnelly", "workshop", "Bristol", "en", "craft climate engineering hosting places people dining", "mastodon linkedin"),
    ("Bojan Jereb", "workshop", "Ljubljana", "sl", "craft places engineering people night dining climate", "facebook"),
    ("Alessia Conti", "office", "Trieste", "it", "hosting night people climate dining craft", "linkedin threads x"),
    ("Marcus Oyelaran", "kitchen", "Bristol", "en", "dining people night craft engineering places", "facebook whatsapp"),
    ("Špela Kranjc", "kitchen", "Ljubljana", "sl", "dining hosting climate places engineering people night", "threads linkedin"),
    ("Lorenzo Bassi", "kitchen", "Trieste", "it", "dining places craft hosting people night", "whatsapp facebook"),
    ("Beatrix Lowe", "crew", "Bristol", "en", "night people hosting climate dining places", "linkedin copy"),
    ("Rok Mlakar", "office", "Ljubljana", "sl", "engineering climate night people craft places hosting", "linkedin x bluesky"),
    ("Serena Costa", "crew", "Trieste", "it", "night hosting dining craft climate places people", "telegram facebook"),
    ("Dewi Morgan", "workshop", "Bristol", "en", "engineering craft people places climate night dining", "reddit mastodon linkedin"),
    ("Tjaša Rozman", "crew", "Ljubljana", "sl", "night climate people craft places dining", "linkedin threads"),
    ("Niccolò Serra", "office", "Trieste", "it", "places night climate engineering dining hosting", "linkedin x"),
    ("Ada Winslow", "office", "Bristol", "en", "climate people night engineering hosting places", "linkedin mastodon x"),
    ("Nives Morel", "office", "Ljubljana", "en", "night dining craft climate people hosting engineering", "linkedin"),
)  # fmt: skip
"""Name, team, office, language of mails, topics, networks. The last one is the liaison: she never enters a draw."""

FORMER = "Simone Gallo"
"""Leaves the programme during the month."""
RESTING = "Bojan Jereb"
"""Pauses his mails."""
BUSY = ("Noor Benali", "Tilen Kovač", "Hattie Pryce", "Giulia Fabbri", "Luka Zupan", "Owen Asante", "Maja Hribar")
"""Share every week; the others now and then."""
EXAMPLE = "Noor Benali"
"""Whose page the demo shows."""
