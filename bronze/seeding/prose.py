"""The sentences from which documents are put together.

Slots: {company}, {other} (another company), {city}, {name}, {job}, {former} (another job),
{department}, {thing} (a product), {year}, {amount}, {percent}, {days}, {number}.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """What one document is about. `sections`: heading and sentences; a document uses some sentences of each."""

    title: str
    sections: Mapping[str, tuple[str, ...]]
    is_personal: bool = False


GENERAL: tuple[str, ...] = (
    "This version replaces all earlier ones.",
    "Questions go to the {department} team in {city}.",
    "It was agreed to look at this again within {days} days.",
    "Exceptions need the written approval of the head of {department}.",
    "The figures were checked by {name}.",
    "A copy is kept by {department} for {number} years.",
    "Colleagues in {city} and {city} were asked for their opinion.",
    "Where local law says otherwise, local law comes first.",
    "The text was last reviewed in {year}.",
)

TOPICS: tuple[Topic, ...] = (
    Topic(
        "Employment contract",
        {
            "Position and place of work": (
                "{company} employs {name} as {job} in the {department} department.",
                "The usual place of work is {city}; up to {number} days a week may be worked from home.",
                "The employee reports to the head of {department}.",
                "The employment begins in {year} and is not limited in time.",
            ),
            "Pay": (
                "The gross salary is {amount} a year, paid in twelve equal parts at the end of each month.",
                "A bonus of up to {percent} per cent depends on the goals that are agreed each January.",
                "Overtime is compensated by free time within the quarter.",
                "Travel costs are refunded against receipts.",
            ),
            "Holidays and illness": (
                "The employee is entitled to {days} days of paid leave a year.",
                "Sick employees tell their manager before nine o'clock and hand in a doctor's note from the third day on.",
                "Leave that is not taken by March of the following year is lost.",
            ),
            "Ending the employment": (
                "During the first six months either side may give two weeks' notice.",
                "Afterwards the period of notice is {days} days to the end of a month.",
                "Company property, laptop and keys included, is returned on the last day.",
                "What the employee learns about customers remains confidential after the employment.",
            ),
        },
        is_personal=True,
    ),
    Topic(
        "Supply agreement",
        {
            "Subject": (
                "{other} delivers {thing}s to the warehouse of {company} in {city}.",
                "The parties expect about {number}00 pieces a month; no quantity is guaranteed.",
                "Samples are approved in writing before the first production run.",
            ),
            "Prices and payment": (
                "The unit price is fixed until the end of {year} and includes packaging.",
                "Invoices are due {days} days after receipt; early payment earns a discount of {percent} per cent.",
                "If raw materials rise by more than {percent} per cent, the parties negotiate anew.",
            ),
            "Delivery and quality": (
                "Late deliveries cost the supplier {percent} per cent of the order value per week.",
                "Defective goods are replaced free of charge or credited.",
                "{company} may inspect the factory after giving {days} days' notice.",
                "The supplier guarantees that no child labour was used.",
            ),
            "Liability and law": (
                "Liability is limited to the yearly turnover between the parties.",
                "Disputes are settled by the courts of {city}.",
                "Neither side is liable for strikes, floods or other events beyond its control.",
            ),
        },
    ),
    Topic(
        "Information security policy",
        {
            "Passwords and access": (
                "Passwords have at least fourteen characters and are kept in the password manager.",
                "Two-factor authentication is required for mail, source code and the data warehouse.",
                "Access rights are reviewed every quarter and withdrawn on the last working day.",
                "Shared accounts are forbidden.",
            ),
            "Devices": (
                "Laptops are encrypted and lock themselves after five minutes.",
                "Lost phones are reported at once, so that they can be wiped from afar.",
                "Software comes from the company catalogue; administrators install everything else.",
            ),
            "Incidents": (
                "Suspicious mails are forwarded to {department} without opening their attachments.",
                "A breach of personal data is reported to the authority within 72 hours.",
                "Ransomware is never paid for; systems are restored from backups that were tested.",
                "Penetration tests take place twice a year.",
            ),
        },
    ),
    Topic(
        "Travel and expense policy",
        {
            "Booking": (
                "Trains are preferred to planes for journeys under five hours.",
                "Flights are booked in economy class at least {days} days ahead.",
                "Hotels may cost up to {number}0 dollars a night, in {city} twice as much.",
            ),
            "Meals and receipts": (
                "A daily allowance covers breakfast, lunch and dinner.",
                "Receipts are photographed and sent in before the end of the month.",
                "Alcohol and minibar are not refunded.",
                "Taxi rides need a reason on the claim.",
            ),
            "Safety abroad": (
                "Travellers register their journey so that they can be found in an emergency.",
                "The insurance pays for doctors, hospital and the flight home.",
                "Vaccinations are paid by the company.",
            ),
        },
    ),
    Topic(
        "Remote work policy",
        {
            "Who may work from home": (
                "Teams decide together which days they spend in the office.",
                "New colleagues come in for the first {number} weeks to get to know everybody.",
                "Work from another country is possible for {days} days a year after a check of tax and visa.",
            ),
            "Equipment": (
                "The company pays for a chair, a screen and a fast internet connection.",
                "Confidential papers are not printed at home.",
                "Meetings have a link, also when most people sit in one room.",
            ),
            "Health": (
                "Nobody is expected to answer messages after six in the evening.",
                "Ergonomic advice is offered against neck and back pain.",
                "Managers talk with each person about workload once a month.",
            ),
        },
    ),
    Topic(
        "Data protection notice",
        {
            "What we store": (
                "We keep name, address, phone number and orders of our customers.",
                "Bank details are encrypted and visible to the payments team only.",
                "Web pages set cookies only after consent.",
            ),
            "How long": (
                "Invoices are kept for {number} years because tax law demands it.",
                "Applications of people whom we did not hire are erased after {days} days.",
                "Log files are deleted after one month.",
            ),
            "Your rights": (
                "You may ask for a copy of everything that we know about you.",
                "You may demand that your data be corrected or erased.",
                "Complaints go to the privacy officer or to the supervisory authority.",
                "Newsletters can be cancelled with one click.",
            ),
        },
    ),
    Topic(
        "Product manual",
        {
            "Before first use": (
                "Thank you for choosing our {thing}.",
                "Remove all packaging and check that nothing is missing.",
                "Keep plastic bags away from small children.",
                "Read the safety notes before you plug anything in.",
            ),
            "Daily use": (
                "Place the {thing} on a dry and even surface.",
                "Do not force any part; everything fits without tools.",
                "Let it cool down for {days} minutes before you put it away.",
                "Use original spare parts only.",
            ),
            "Cleaning and care": (
                "Wipe it with a damp cloth; never use bleach.",
                "Descale or oil the moving parts every {number} weeks.",
                "Store it in a dark place during the winter.",
            ),
            "Trouble and warranty": (
                "If it does not start, check the fuse and the battery first.",
                "A blinking red light means that the filter is blocked.",
                "The warranty lasts {number} years and does not cover wear and tear.",
                "Our service in {city} repairs it within {days} days.",
            ),
        },
    ),
    Topic(
        "Quarterly sales report",
        {
            "Summary": (
                "Revenue rose by {percent} per cent against the same quarter of the year before.",
                "The strongest category was led by the {thing}, which sold {number}00 times.",
                "Orders from {city} grew faster than those from {city}.",
                "Returns fell to {percent} per cent of all lines.",
            ),
            "Customers": (
                "{number}00 customers bought for the first time; a third of them came back.",
                "The average basket was worth {amount}.",
                "The newsletter brought more buyers than paid advertising.",
                "Most complaints were about late parcels before Christmas.",
            ),
            "Outlook": (
                "We expect a slow January and a strong spring.",
                "Exchange rates may cost us {percent} per cent of the margin.",
                "Stock of the {thing} has to be doubled before November.",
            ),
        },
    ),
    Topic(
        "Incident post-mortem",
        {
            "What happened": (
                "The shop was unreachable for {days} minutes on a Friday evening.",
                "A database migration locked the orders table while traffic was at its peak.",
                "Payments were accepted twice for {number} customers.",
                "A disk of the search server in {city} filled up with log files.",
            ),
            "Why": (
                "The alarm was routed to a colleague on holiday.",
                "A retry without a limit multiplied the load.",
                "The change had been tested with a tenth of the real data.",
                "Nobody knew which service owned the queue.",
            ),
            "What we change": (
                "Every migration gets a timeout and a plan for going back.",
                "Dashboards show queue length, error rate and latency.",
                "{name} writes a runbook for failover until the end of the month.",
                "Backups are restored once a week to prove that they work.",
            ),
        },
    ),
    Topic(
        "Customer survey",
        {
            "How we asked": (
                "{number}00 customers in {city} and {city} answered twelve questions.",
                "The survey was open for {days} days in {year}.",
                "Answers were weighted by age and region.",
            ),
            "What they like": (
                "Most praise the friendly support and the quick refunds.",
                "The {thing} got the best marks of all products.",
                "{percent} per cent would recommend us to a friend.",
            ),
            "What annoys them": (
                "Delivery slots are too long for people with a job.",
                "The size chart is hard to find on a phone.",
                "Cardboard boxes are much larger than what is in them.",
                "Prices in the app and in the shop differ now and then.",
            ),
        },
    ),
    Topic(
        "Curriculum vitae",
        {
            "Profile": (
                "{name}, {job}, lives in {city} and is looking for a new challenge.",
                "{number} years of experience, most of them in {department}.",
                "Likes to explain difficult things in simple words.",
            ),
            "Experience": (
                "{former} at {other}: led a team of {number} and cut costs by {percent} per cent.",
                "{former} at {company}: built reports, dashboards and forecasts in SQL and Python.",
                "Internship at {other} in {city}: market research and translations.",
                "Set up a warehouse management system and trained the night shift.",
                "Negotiated contracts with suppliers in three languages.",
            ),
            "Education": (
                "Master of Science in Statistics, University of {city}.",
                "Bachelor of Mechanical Engineering with a thesis on battery cooling.",
                "Apprenticeship as an electrician, finished with distinction.",
                "Certified accountant since {year}.",
            ),
            "Skills and interests": (
                "Languages: English, Spanish, some Portuguese.",
                "Cloud platforms, Kubernetes, Spark and machine learning.",
                "First aid, forklift licence, driving licence.",
                "Plays the cello, runs marathons, keeps bees.",
            ),
        },
        is_personal=True,
    ),
    Topic(
        "Performance review",
        {
            "Achievements": (
                "{name} closed {number} projects on time and helped two others.",
                "As {job} the employee improved the quality of our data noticeably.",
                "Customers mention {name} by name in their thanks.",
                "The goal for {department} was exceeded by {percent} per cent.",
            ),
            "Areas to grow": (
                "Presentations could be shorter and open with the result.",
                "Delegating earlier would leave time for planning.",
                "A course on negotiation is booked for {year}.",
            ),
            "Agreement": (
                "The salary rises by {percent} per cent from April on.",
                "A mentor from {department} in {city} meets the employee every two weeks.",
                "The next talk takes place in {days} days.",
            ),
        },
        is_personal=True,
    ),
    Topic(
        "Workplace safety manual",
        {
            "Warehouse": (
                "Forklift drivers wear a belt and sound the horn at crossings.",
                "Steel-toed boots and a reflective vest are compulsory between the racks.",
                "Loads above {number} kilograms are lifted by two people or by machine.",
                "Spilled liquids are cleaned up at once, since wet floors cause most falls.",
            ),
            "Fire": (
                "On alarm leave the building by the stairs and meet at the car park.",
                "Extinguishers are inspected every {number} months.",
                "Batteries are charged in the marked cabinet only.",
            ),
            "First aid": (
                "Each shift has two trained first-aiders; their names hang at the entrance.",
                "The defibrillator is next to the canteen.",
                "Every accident is written down, however small.",
            ),
        },
    ),
    Topic(
        "Minutes of the management meeting",
        {
            "Decisions": (
                "A new branch in {city} opens in {year} with {number} employees.",
                "The contract with {other} is not renewed.",
                "{department} gets a budget of {amount} for the next year.",
                "Recruiting in {department} is frozen until summer.",
            ),
            "Discussion": (
                "{name} reported that hiring engineers takes {days} days on average.",
                "Energy costs in the warehouse rose by {percent} per cent; solar panels were suggested.",
                "The board asked for a plan to cut emissions and plastic packaging.",
                "Competitors deliver within a day, we need three.",
            ),
            "Next steps": (
                "{name} compares three offers for the new accounting software.",
                "{department} presents a forecast at the next meeting.",
                "The works council is informed before the announcement.",
            ),
        },
    ),
    Topic(
        "Market study",
        {
            "The market": (
                "Demand for the {thing} grows by {percent} per cent a year, most of all in {city}.",
                "Young families spend more on outdoor gear than on fashion.",
                "Second-hand platforms take a growing share.",
                "Inflation makes shoppers choose store brands.",
            ),
            "Competitors": (
                "{other} cut its prices in {year} and lost money on every parcel.",
                "Two start-ups offer subscriptions for coffee and pet food.",
                "Discounters sell bicycles and garden tools in spring.",
            ),
            "Recommendation": (
                "Enter the market with a small range and a partner in {city}.",
                "Invest {amount} in advertising on social networks.",
                "Offer repairs, because customers value products that last.",
            ),
        },
    ),
)
