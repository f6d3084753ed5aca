"""Where people live: countries with their cities, and how postal codes, streets and phone numbers look there.

In patterns `#` stands for a digit and `@` for a capital letter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """`pay_percent`: what a job pays here, 100 being a large city of the United States."""

    name: str
    postal_code: str
    area_code: str
    weight: int
    pay_percent: int


@dataclass(frozen=True)
class Country:
    """`street` and `phones` are patterns; `{area}` is the city's area code."""

    code: str
    currency: str
    cities: tuple[City, ...]
    address: tuple[str, ...]
    streets: tuple[str, ...]
    phones: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


UNITS_PER_1000_USD: Mapping[str, int] = {
    "USD": 1_000,
    "CAD": 1_340,
    "EUR": 910,
    "GBP": 780,
    "INR": 80_000,
    "BRL": 5_150,
}
"""Price lists are kept per currency and follow these rates, not those of the day."""

COUNTRIES: tuple[Country, ...] = (
    Country(
        "US",
        "USD",
        (
            City("New York", "100##", "212", 14, 118),
            City("San Francisco", "941##", "415", 9, 128),
            City("Austin", "787##", "512", 7, 100),
            City("Chicago", "606##", "312", 7, 98),
            City("Seattle", "981##", "206", 6, 114),
            City("Denver", "802##", "303", 4, 94),
        ),
        ("{n} {street}", "{n} {street}, Apt {m}"),
        ("Maple Avenue", "Oak Street", "Lincoln Road", "Cedar Lane", "Sunset Boulevard", "Washington Street"),
        ("+1 ({area}) ###-####", "{area}-###-####", "+1{area}#######", "{area}.###.####"),
        _words(
            "James Mary Robert Linda Michael Jennifer David Susan Emily Joshua Ashley Daniel Megan Tyler Grace "
            "Brandon Olivia Ethan Hannah Marcus Denise Carlos Aisha Logan"
        ),
        _words(
            "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson Martin "
            "Thompson White Clark Lewis Robinson Walker Hall Young King Wright Hill Nguyen Rivera Campbell"
        ),
    ),
    Country(
        "CA",
        "CAD",
        (
            City("Toronto", "M5V #@#", "416", 6, 90),
            City("Vancouver", "V6B #@#", "604", 4, 88),
            City("Montréal", "H2X #@#", "514", 4, 80),
        ),
        ("{n} {street}", "{n} {street}, Unit {m}"),
        ("King Street West", "Queen Street", "Granville Street", "Rue Sherbrooke", "Bay Street"),
        ("+1 {area} ###-####", "{area}-###-####"),
        _words("Liam Emma Noah Charlotte William Léa Benjamin Chloé Jacob Sophie Owen Amélie Nathan Maya"),
        _words(
            "Tremblay Roy MacDonald Gagnon Wilson Singh Bouchard Campbell Côté Fraser Chan Lavoie Patel Morin"
        ),
    ),
    Country(
        "GB",
        "GBP",
        (
            City("London", "EC1A #@@", "20", 10, 102),
            City("Manchester", "M1 #@@", "161", 4, 82),
            City("Edinburgh", "EH1 #@@", "131", 3, 84),
        ),
        ("{n} {street}", "Flat {m}, {n} {street}"),
        ("High Street", "Church Road", "Station Road", "Victoria Street", "Mill Lane", "The Crescent"),
        ("+44 {area} #### ####", "0{area} #### ####", "07### ######"),
        _words(
            "Oliver Amelia Harry Isla George Freya Jack Poppy Arthur Florence Alfie Imogen Rhys Fiona Callum "
            "Zara Hamish Niamh"
        ),
        _words(
            "Evans Hughes Patel Khan Edwards Green Wood Harris Clarke Turner Cooper Ward Morris Bailey Murray "
            "Stewart MacLeod Bennett Shah Whitfield"
        ),
    ),
    Country(
        "DE",
        "EUR",
        (
            City("Berlin", "10###", "30", 9, 88),
            City("München", "80###", "89", 7, 98),
            City("Hamburg", "20###", "40", 5, 90),
            City("Köln", "50###", "221", 4, 86),
            City("Dresden", "01###", "351", 2, 74),
        ),
        ("{street} {n}", "{street} {n}a", "{street} {n}, Hinterhaus"),
        ("Hauptstraße", "Schillerstraße", "Gartenweg", "Bahnhofstraße", "Lindenallee", "Am Mühlbach"),
        ("+49 {area} #######", "0{area}/#######", "0049 {area} ######", "+49 17# #######"),
        _words(
            "Lukas Anna Jonas Lena Felix Marie Maximilian Sophia Tobias Katharina Jürgen Sabine Stefan Aylin "
            "Mehmet Greta Henrik Birgit Björn Claudia"
        ),
        _words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
            "Klein Wolf Schröder Neumann Krüger Yilmaz Vogel Brandt"
        ),
    ),
    Country(
        "FR",
        "EUR",
        (
            City("Paris", "750##", "1", 8, 94),
            City("Lyon", "690##", "4", 4, 80),
            City("Toulouse", "310##", "5", 3, 78),
        ),
        ("{n} {street}", "{n} bis {street}"),
        (
            "rue de la République",
            "avenue Victor Hugo",
            "rue du Moulin",
            "place de l'Église",
            "boulevard Voltaire",
        ),
        ("+33 {area} ## ## ## ##", "0{area}.##.##.##.##", "06 ## ## ## ##"),
        _words(
            "Camille Louis Manon Hugo Léa Gabriel Inès Antoine Élise Théo Nadia Julien Margaux Karim Céline"
        ),
        _words(
            "Martin Bernard Dubois Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel Garnier Faure Rousseau "
            "Benali Chevalier François"
        ),
    ),
    Country(
        "ES",
        "EUR",
        (
            City("Madrid", "280##", "91", 6, 72),
            City("Barcelona", "080##", "93", 6, 74),
            City("Sevilla", "410##", "95", 3, 64),
        ),
        ("{street} {n}", "{street} {n}, {m}º"),
        ("Calle Mayor", "Gran Vía", "Avenida de América", "Calle del Sol", "Paseo de Gracia"),
        ("+34 {area} ### ## ##", "{area}#######", "+34 6## ### ###"),
        _words("Lucía Hugo Martina Mateo Carmen Álvaro Paula Diego Nuria Javier Elena Sergio Pilar Iker"),
        _words(
            "García Fernández López Martínez Sánchez Pérez Gómez Ruiz Díaz Moreno Muñoz Romero Navarro Torres Ibáñez"
        ),
    ),
    Country(
        "NL",
        "EUR",
        (City("Amsterdam", "10## @@", "20", 5, 92), City("Utrecht", "35## @@", "30", 3, 86)),
        ("{street} {n}", "{street} {n}-{m}"),
        ("Kerkstraat", "Dorpsstraat", "Prinsengracht", "Molenweg", "Stationsplein"),
        ("+31 {area} #######", "0{area}-#######", "06-########"),
        _words("Daan Sanne Bram Femke Lars Lotte Ruben Anouk Thijs Fatima Joost Maud"),
        _words("Jansen Bakker Visser Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer"),
    ),
    Country(
        "IN",
        "INR",
        (
            City("Bengaluru", "5600##", "80", 9, 30),
            City("Mumbai", "4000##", "22", 8, 29),
            City("Delhi", "1100##", "11", 6, 27),
            City("Hyderabad", "5000##", "40", 5, 27),
        ),
        ("{n} {street}", "{m}, {n} {street}"),
        ("MG Road", "Nehru Nagar", "Park Street", "Lake View Road", "Gandhi Marg"),
        ("+91 9#### #####", "+91-{area}-#### ####", "09#########"),
        _words(
            "Aarav Priya Rohan Ananya Arjun Diya Vikram Kavya Sanjay Meera Rahul Sneha Imran Lakshmi Aditya "
            "Pooja Farah Suresh"
        ),
        _words(
            "Sharma Patel Reddy Iyer Gupta Nair Khan Mehta Rao Das Joshi Chatterjee Kulkarni Menon Bose Kapoor "
            "Singh Banerjee"
        ),
    ),
    Country(
        "BR",
        "BRL",
        (City("São Paulo", "01###-###", "11", 6, 40), City("Rio de Janeiro", "200##-###", "21", 4, 37)),
        ("{street}, {n}", "{street}, {n}, apto {m}"),
        ("Rua das Flores", "Avenida Paulista", "Rua Augusta", "Avenida Atlântica", "Rua do Comércio"),
        ("+55 {area} 9####-####", "{area} 9#### ####"),
        _words("Ana João Beatriz Pedro Larissa Gabriel Juliana Thiago Camila Rafael Letícia Bruno Débora"),
        _words(
            "Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Almeida Ribeiro Carvalho Araújo Rocha"
        ),
    ),
)


def places() -> Iterator[tuple[int, City]]:
    """Every city with the index of its country."""
    for number, country in enumerate(COUNTRIES):
        for city in country.cities:
            yield number, city


PLACES: tuple[tuple[int, City], ...] = tuple(places())
