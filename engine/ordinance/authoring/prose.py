"""Plain prose of our own, by language: what ``check --cost`` lets each rule read. It says nothing in particular."""

from __future__ import annotations

PROSE = {
    "de": (
        "Der Zug nach Tartu fährt heute zehn Minuten später, weil auf der Strecke gebaut wird. Wer umsteigen muss, "
        "sollte mit dem Fahrrad zum Bahnhof kommen oder den Bus um 7.40 Uhr nehmen. Im Garten hinter der Schule "
        "haben die Kinder Kohl, Möhren und Erbsen gesät; im August wollen sie daraus eine Suppe kochen. Die "
        "Bibliothek hat ihre Regale neu geordnet: Romane stehen links, Reisebücher rechts, und was niemand mehr "
        "liest, liegt auf dem Tisch am Eingang. Am Abend wurde im Rathaus über die Brücke gesprochen. Zwei "
        "Ingenieurinnen erklärten, wie viel ein Neubau kostet und was eine Reparatur bringen würde, und alle "
        "hörten zu. Danach gab es Kaffee, Kuchen und ein kurzes Konzert. Ist das Wetter am Sonntag gut, treffen "
        "wir uns um elf am See. Bitte bringt warme Kleidung mit, denn der Wind ist dort stark, und denkt an Wasser "
        "für den Weg. Mehr braucht es nicht."
    ),
    "en": (
        "The ferry to the island leaves at nine, unless the fog is thick, and comes back in the afternoon. Take a "
        "coat: the deck is cold even in June. My neighbour has kept bees for twenty years and sells the honey from "
        "a small table by her gate, with a tin for the money and a note that says how much. In the new timetable "
        "the last train stops at every station, which makes it slow, but nobody has to walk home. The school "
        "orchestra is looking for a second horn and two violins; they practise on Tuesdays in the hall above the "
        "market. When the river was low last summer, people found the posts of an older bridge, and the museum "
        "drew a plan of it. Boil the potatoes in their skins, let them cool, slice them, and fry them with onions "
        "until they are brown. A good map shows where the path ends and what kind of ground comes after. How long "
        "it takes depends on the weather, on your shoes and on the company."
    ),
    "et": (
        "Homme hommikul sõidab buss maale kell kaheksa ja jõuab kohale enne lõunat. Vanaema ootab meid väravas, "
        "koer jookseb ees ja laual on soe leib. Eelmisel sügisel korjasime metsast nii palju seeni, et neid jätkus "
        "terveks talveks. Raamatukogus avati näitus vanadest kaartidest; kõige vanem on joonistatud kolmsada "
        "aastat tagasi ja sellel on näha ka meie küla. Kui jää on paks, lähevad mehed järvele kala püüdma, aga "
        "kevadel ei luba keegi sinna enam minna. Õpetaja rääkis tunnis, kuidas tuul liiva kannab ja miks rand iga "
        "aastaga muutub. Õhtul mängisid lapsed õues palli, kuni pimedaks läks. Supi jaoks on vaja kartuleid, "
        "porgandit, sibulat ja natuke soola; keeda tasasel tulel pool tundi. Koosolekul otsustati, et uus kiik "
        "tuleb pargi keskele ja vana sild saab värskelt värvitud käsipuu. Kes tahab aidata, tulgu laupäeval kell "
        "kümme kohale ja võtku kindad kaasa."
    ),
}
