"""Sentences as many people say them, in trained wordings; slots as in words/form_wordings.py."""

from moe3d_ros.tabletop.words.people import (
    at_desks,
    at_home,
    at_work,
    people_corrections,
    people_orders,
    people_prohibitions,
)

ORDERS = people_orders.ORDERS + at_work.ORDERS + at_home.ORDERS + at_desks.ORDERS
HARMLESS = people_orders.HARMLESS + at_work.HARMLESS + at_home.HARMLESS + at_desks.HARMLESS
PROHIBITIONS = people_prohibitions.PROHIBITIONS + at_work.PROHIBITIONS + at_home.PROHIBITIONS + at_desks.PROHIBITIONS
CORRECTIONS = people_corrections.CORRECTIONS + at_work.CORRECTIONS + at_home.CORRECTIONS + at_desks.CORRECTIONS
