"""The labs as cards on the first page, each with its progress."""

from __future__ import annotations

from labrunner.model.lab import Course, Lab
from labrunner.site.lab_page import page_name, progress_bar


def overview(course: Course) -> str:
    """The cards in MyST Markdown, for a page at the site's root."""
    cards = "\n\n".join(_card(lab) for lab in course.labs)
    return f'<div class="lab-cards">\n\n{cards}\n\n</div>\n'


def _card(lab: Lab) -> str:
    """What the lab is about is the first paragraph of its introduction."""
    says = lab.intro.split("\n\n")[0]
    return "\n\n".join(
        [
            '<div class="lab-card">',
            f"### [{lab.number}. {lab.title}]({page_name(lab)}.md)",
            says,
            "{.lab-facts}\n" + f"{lab.minutes} minutes · {len(lab.steps)} steps",
            progress_bar(lab),
            "</div>",
        ]
    )
