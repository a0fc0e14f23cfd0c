"""Names of places: real ones, and names that no map has, so that a name must be read and copied."""

import random

KNOWN = (
    "Paris", "London", "Berlin", "Madrid", "Roma", "Rome", "Lyon", "Marseille", "Toulouse",
    "Nantes", "Lille", "Bordeaux", "Strasbourg", "Nice", "Rennes", "Brest", "Tours", "Hamburg",
    "München", "Köln", "Frankfurt", "Stuttgart", "Dresden", "Leipzig", "Bremen", "Wien",
    "Zürich", "Bern", "Basel", "Sevilla", "Valencia", "Bilbao", "Granada", "Toledo", "Milano",
    "Torino", "Napoli", "Venezia", "Firenze", "Bologna", "Genova", "Palermo", "Oslo",
    "Stockholm", "Helsinki", "Warsaw", "Prague", "Vienna", "Budapest", "Athens", "Lisbon",
    "Porto", "Dublin", "Edinburgh", "Glasgow", "Brussels", "Amsterdam", "Boston", "Chicago",
    "Denver", "Seattle", "Tokyo", "Osaka", "Sydney", "Lima", "Cairo", "Dakar", "Tunis", "Delhi",
    "Seoul", "Montréal", "Toronto", "Geneva", "Munich", "Cologne", "Milan", "Turin", "New York",
    "San Francisco", "Los Angeles", "La Rochelle", "Le Havre", "Saint-Malo", "Las Palmas",
    "Aix-en-Provence", "San Sebastián", "Reggio Emilia", "Bad Homburg", "Paris, France", "York, UK",
)  # fmt: skip
UNSEEN = (
    "Ljubljana", "Reykjavík", "Ouagadougou", "Vladivostok", "Kathmandu", "Wolverhampton",
    "Düsseldorf", "Gelsenkirchen", "Saarbrücken", "Villeurbanne", "Clermont-Ferrand", "Perpignan",
    "Zaragoza", "Albacete", "Pontevedra", "Catanzaro", "Pescara", "Brindisi", "Bratislava",
    "Sarajevo", "Johannesburg", "Antananarivo", "Novosibirsk", "Philadelphia", "Minneapolis",
    "Albuquerque", "Christchurch", "Guadalajara", "Montevideo", "Asunción", "Trondheim", "Malmö",
    "Gdańsk", "Kraków", "Thessaloniki", "Iași", "Quimper", "Mulhouse", "Ulm", "Graz", "Linz",
    "Buenos Aires", "Kuala Lumpur", "Sankt Pölten", "Le Puy-en-Velay", "Santa Cruz", "Hong Kong",
    "Rio de Janeiro", "Abu Dhabi", "Port Louis",
)  # fmt: skip
"""Kept for evaluation: no sample for training names them."""
SYLLABLES = (
    "ba", "be", "bi", "bo", "ca", "co", "da", "de", "du", "fa", "fe", "ga", "go", "ha", "hel",
    "ja", "ka", "la", "le", "li", "lo", "ma", "mi", "mo", "na", "ne", "no", "or", "pa", "pe",
    "ra", "re", "ri", "ro", "sa", "se", "sol", "ta", "te", "ti", "to", "ul", "va", "ve", "vi",
    "wa", "za", "stein", "berg", "ville", "ford", "burg", "al", "an", "ar", "as", "en", "er", "es",
    "in", "is", "on", "os", "un", "us", "bra", "bre", "cha", "che", "cla", "cor", "cra", "dor",
    "dra", "fer", "fri", "gar", "gra", "gre", "kir", "kra", "lan", "lin", "lon", "mar", "mer",
    "mon", "mun", "nor", "pan", "per", "pol", "por", "pre", "ran", "ren", "ros", "san", "sar",
    "sch", "sta", "ste", "str", "tal", "tan", "ter", "tor", "tra", "tri", "ver", "vil", "vin",
    "wal", "wei", "win", "zel", "hof", "bach", "dorf", "feld", "heim", "furt", "port", "mouth",
    "ton", "ham", "field", "bury", "grad", "polis", "shire", "stadt", "chester", "bridge", "mont",
    "court", "fontaine", "rivière", "plata", "llo", "illo", "ción", "ano", "ello", "azzo", "ino",
    "quer", "gue", "ngo", "dju", "kwa", "shi", "tsu", "oua", "ij", "ø", "å", "ü", "ö", "ä", "é",
)  # fmt: skip
LETTERS = (
    "aaaaaaaabbbcccdddeeeeeeeefffgggghhhiiiiiijjkkkllllmmmnnnnnnoooooopppqrrrrrrsssstttttuuuuvvwxyyzz"
    "áàâäãåéèêëíìîïóòôöõøúùûüñçßšžćčłńőěığ"
)
JOINTS = (" ", " ", "-", "-sur-", " am ", " de ", " del ", " in ", ", ", "'")


def invented_word(rng: random.Random) -> str:
    """A word that is in no dictionary."""
    return "".join(rng.choice(SYLLABLES) for _ in range(rng.choice((2, 2, 3))))


def invented_place(rng: random.Random) -> str:
    """A name of syllables, of letters in any order, or of both."""
    parts = rng.choice((1, 1, 2, 2, 3, 4))
    if rng.random() < 0.5:
        name = "".join(rng.choice(SYLLABLES) for _ in range(parts))
    else:
        name = "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 11)))
    if rng.random() < 0.25:
        name += rng.choice(LETTERS) + rng.choice(SYLLABLES)
    return name.capitalize()


def a_place(rng: random.Random) -> str:
    """A place to ask for; never one of those kept for evaluation."""
    place = rng.choice(KNOWN) if rng.random() < 0.25 else invented_place(rng)
    if rng.random() < 0.15:
        place += rng.choice(JOINTS) + invented_place(rng)
    if place in UNSEEN:
        return invented_place(rng)
    return place.lower() if rng.random() < 0.1 else place
