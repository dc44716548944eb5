"""Stories in Italian and Slovenian. In: nothing. Out: nine of the sample's thirty stories, with their share texts."""

from __future__ import annotations

from service.sample.written import Written

STORIES = (
    Written(
        "il-caffe-del-capotreno", "curated", 28, "dining people",
        "Il caffè del capotreno si beve in piedi",
        "Da Opicina a Villa del Nevoso: cinque banconi di stazione, cinque modi di dire buongiorno, un solo zucchero di troppo.",
        "city", "Tetti colorati e un ponte su un fiume",
        {("", "it"): "Cinque banconi di stazione e cinque modi di dire buongiorno. #Caffè #Stazioni",
         ("facebook", "it"): "Il miglior caffè si beve in piedi, con il treno in arrivo. Voi dove lo prendete?"},
        language="it", evergreen=True,
    ),
    Written(
        "rocno-tkane-odeje", "curated", 24, "craft hosting",
        "Statve iz leta 1911 še vedno tkejo naše sanje",
        "V Beli krajini dve sestri tketa volnene odeje za spalnike. Ena niti, druga šteje; vloge zamenjata ob nedeljah.",
        "garden", "Visoke rože z velikimi listi",
        {("", "sl"): "Dve sestri, ene statve, tisoč odej. Lepo branje o potrpežljivosti. #Obrt",
         ("linkedin", "sl"): "Ena niti, druga šteje. Zgodba o sestrah, ki tketa odeje za nočne vlake, in o tem, kaj pomeni delati dolgo in dobro. #Obrt"},
        language="sl",
    ),
    Written(
        "la-notte-piu-lunga-del-carso", "curated", 21, "night places",
        "La notte più lunga del Carso, vista dal finestrino",
        "Un'astronoma racconta che cosa si vede tra Sežana e Postumia quando il controllore spegne la luce.",
        "night", "Un treno illuminato sotto la luna",
        {("", "it"): "Che cosa si vede dal finestrino quando si spegne la luce. Lo racconta un'astronoma. #Stelle #Carso"},
        language="it",
    ),
    Written(
        "zakaj-vlak-ne-hiti", "owned", 17, "engineering night",
        "Zakaj nočni vlak ponoči namenoma zamuja",
        "Dvajset minut rezerve pri Pontebbi pomeni sto mirnih spalcev. Tilen razloži najpočasnejši odsek naše proge.",
        "rails", "Tiri proti obzorju med polji",
        {("", "sl"): "Dvajset minut počasneje, sto ljudi bolj naspanih. Tilen razloži. #NočniVlak",
         ("x", "sl"): "Naš vlak ponoči namenoma zamuja. In to je dobra novica. #NočniVlak"},
        language="sl",
    ),
    Written(
        "un-treno-una-biblioteca", "curated", 13, "hosting people",
        "Duecento libri, nessun prestito: si lasciano sul letto",
        "Una biblioteca viaggiante senza tessere. Dopo un anno mancano undici volumi e ne sono comparsi trentaquattro.",
        "window", "Un paesaggio dal finestrino di una cuccetta",
        {("", "it"): "Mancano undici libri, ne sono comparsi trentaquattro. Una biblioteca che viaggia. #Libri",
         ("threads", "it"): "Una biblioteca in treno, senza tessere. Dopo un anno ha più libri di prima."},
        language="it",
    ),
    Written(
        "postaja-ki-se-je-vrnila", "curated", -1, "places people",
        "Postaja, ki so jo vaščani zgradili dvakrat",
        "Leta 1973 so jo zaprli, lani odprli. Vmes je nekdo vsako nedeljo navijal uro na peronu.",
        "people", "Sodelavci na peronu ob vlaku",
        {("", "sl"): "Nekdo je petdeset let vsako nedeljo navijal uro na zaprti postaji. #Kraji",
         ("facebook", "sl"): "Petdeset let brez vlaka, ura pa je vedno kazala prav. Zgodba za nedeljo."},
        language="sl",
    ),
    Written(
        "quanto-pesa-una-colazione", "owned", 6, "dining climate",
        "Quanto pesa una colazione: 410 grammi, 0 plastica",
        "Elena ha tolto ventitré confezioni dal vassoio della mattina. Due sono tornate, e spiega perché.",
        "table", "Una ciotola di frutta e una brocca su una tovaglia",
        {("", "it"): "Ventitré confezioni in meno a colazione, e due che sono tornate. Elena spiega perché. #ZeroPlastica",
         ("linkedin", "it"): "Che cosa abbiamo imparato togliendo ventitré confezioni da un vassoio, e perché due sono tornate. #Sostenibilità"},
        language="it",
    ),
    Written(
        "gozd-za-pragove", "curated", 3, "climate engineering",
        "Gozd, ki ga sadijo za pragove leta 2110",
        "Hrast potrebuje osemdeset let. Gozdarka iz Krakovskega gozda piše pismo inženirju, ki se še ni rodil.",
        "hills", "Zeleni griči pred nizkim soncem",
        {("", "sl"): "Pismo inženirju, ki se še ni rodil, in hrasti zanj. #Podnebje #Gozd",
         ("", "en"): "A forester plants oak for the railway sleepers of 2110. #Climate"},
        language="sl",
    ),
    Written(
        "una-sera-in-carrozza", "promotional", 2, "dining night",
        "Una sera in carrozza: la cena che parte alle 20.40",
        "Sei portate, novanta chilometri, ritorno alle undici. Ogni venerdì da Trieste, ventiquattro posti.",
        "people", "Colleghi su un binario accanto a un treno",
        {("", "it"): "Sei portate in novanta chilometri, ogni venerdì da Trieste. #CarrozzaRistorante",
         ("whatsapp", "it"): "Venerdì si cena in treno? Sei portate, si parte alle 20.40 da Trieste."},
        language="it",
    ),
)  # fmt: skip
