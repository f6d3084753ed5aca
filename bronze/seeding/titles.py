"""Departments, jobs and what they pay, and the employers that pay it."""

from collections.abc import Iterator
from dataclasses import dataclass

DEPARTMENTS = (
    "Sales",
    "Engineering",
    "Customer Support",
    "Marketing",
    "Finance",
    "Human Resources",
    "Product Management",
    "Operations",
    "Research and Development",
    "Legal",
    "Logistics",
    "Information Technology",
)

HIRE_WEIGHTS = (22, 26, 20, 10, 7, 5, 8, 14, 12, 3, 13, 9)
"""How much each department hires."""


@dataclass(frozen=True)
class Job:
    """`pay`: thousands of US dollars a year in a large city. `departments`: indexes of those that hire for it."""

    title: str
    pay: int
    departments: tuple[int, ...]


LEVELS = (("Junior {}", 78), ("{}", 100), ("Senior {}", 132), ("Lead {}", 155))
GRADES = (("{} I", 86), ("{} II", 102), ("{} III", 122))
SINGLE = (("{}", 100),)

PROFESSIONS: tuple[tuple[tuple[int, ...], tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]], ...] = (
    (
        (1, 11),
        LEVELS,
        (
            ("Software Engineer", 118),
            ("Data Engineer", 120),
            ("Data Scientist", 124),
            ("Site Reliability Engineer", 128),
            ("Frontend Developer", 104),
            ("Machine Learning Engineer", 136),
            ("Security Engineer", 126),
            ("Test Engineer", 92),
        ),
    ),
    (
        (8, 1),
        LEVELS,
        (
            ("Mechanical Engineer", 96),
            ("Electrical Engineer", 98),
            ("Materials Scientist", 94),
            ("Industrial Designer", 86),
        ),
    ),
    (
        (0, 3),
        LEVELS,
        (
            ("Account Executive", 84),
            ("Sales Engineer", 102),
            ("Content Writer", 62),
            ("Growth Analyst", 82),
        ),
    ),
    (
        (2, 7),
        GRADES,
        (
            ("Support Specialist", 52),
            ("Technical Support Engineer", 68),
            ("Customer Success Advisor", 64),
            ("Training Coordinator", 58),
            ("Quality Inspector", 56),
            ("Office Assistant", 44),
        ),
    ),
    (
        (4, 9),
        LEVELS,
        (
            ("Accountant", 72),
            ("Financial Analyst", 84),
            ("Internal Auditor", 80),
            ("Paralegal", 60),
            ("Compliance Analyst", 78),
        ),
    ),
    (
        (5,),
        GRADES,
        (("Recruiter", 66), ("Payroll Specialist", 60), ("People Partner", 88), ("Benefits Analyst", 70)),
    ),
    ((6,), LEVELS, (("Product Manager", 116), ("UX Researcher", 98), ("Product Designer", 102))),
    (
        (10, 7),
        GRADES,
        (
            ("Warehouse Operator", 42),
            ("Forklift Driver", 41),
            ("Dispatch Planner", 54),
            ("Supply Chain Analyst", 76),
            ("Delivery Driver", 43),
            ("Purchasing Agent", 62),
        ),
    ),
    (
        (11, 7),
        GRADES,
        (
            ("Database Administrator", 98),
            ("Systems Administrator", 86),
            ("Help Desk Technician", 52),
            ("Network Engineer", 92),
        ),
    ),
    (
        (0, 1, 2, 3, 4, 6, 7),
        SINGLE,
        (
            ("Engineering Manager", 168),
            ("Sales Manager", 124),
            ("Marketing Manager", 112),
            ("Finance Manager", 122),
            ("Support Manager", 96),
            ("Operations Manager", 104),
            ("Warehouse Manager", 78),
            ("Head of Data", 182),
            ("Head of Design", 160),
            ("Director of Sales", 190),
            ("Director of Engineering", 210),
            ("VP Marketing", 205),
            ("VP Product", 225),
            ("Chief Financial Officer", 260),
        ),
    ),
    (
        (9,),
        SINGLE,
        (
            ("Legal Counsel", 138),
            ("General Counsel", 215),
            ("Contract Manager", 88),
            ("Privacy Officer", 112),
        ),
    ),
    (
        (8, 2, 7),
        SINGLE,
        (
            ("Statistician", 96),
            ("Laboratory Technician", 54),
            ("Translator", 58),
            ("Executive Assistant", 64),
            ("Facilities Coordinator", 50),
            ("Field Service Technician", 60),
        ),
    ),
)


def _jobs() -> Iterator[Job]:
    for departments, levels, titles in PROFESSIONS:
        for title, pay in titles:
            for pattern, percent in levels:
                yield Job(pattern.format(title), pay * percent // 100, departments)


JOBS: tuple[Job, ...] = tuple(_jobs())

_STEMS = (
    "Northwind", "Harbor", "Acme", "Lighthouse", "Granite", "Juniper", "Meridian", "Redwood",
    "Silverline", "Summit", "Bluebird", "Cobalt", "Evergreen", "Falcon", "Horizon", "Ironbridge",
    "Kestrel", "Lumen", "Maple", "Nimbus", "Orchard", "Pinnacle", "Quarry", "Riverside",
)  # fmt: skip
_TRADES = (
    "Logistics",
    "Software",
    "Foods",
    "Health",
    "Energy",
    "Consulting",
    "Textiles",
    "Analytics",
    "Robotics",
    "Media",
)
_FORMS = ("Inc.", "GmbH", "Ltd", "SA", "Group", "LLC", "BV")

EMPLOYERS: tuple[str, ...] = tuple(
    f"{stem} {_TRADES[(number * 3 + turn) % len(_TRADES)]} {_FORMS[(number + turn) % len(_FORMS)]}"
    for turn in range(4)
    for number, stem in enumerate(_STEMS)
)
