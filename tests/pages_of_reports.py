"""What a page says, read back from its XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from cds_service.reporting.html import render
from cds_service.reporting.model import Report


class Page:
    """A rendered report. Parsing fails when it is not well-formed."""

    def __init__(self, report: Report, titles: dict[str, str] | None = None) -> None:
        self.html = render(report, titles)
        self.root = ET.fromstring(self.html)

    @property
    def text(self) -> str:
        """Words outside of drawings, one space apart."""
        return words("".join(_outside(self.root)))

    def drawn(self, name: str) -> str:
        """The words of a drawing, wide."""
        (found,) = [
            each for each in self.drawings() if each.get("aria-labelledby") == f"{name}-wide-title"
        ]
        return words(" ".join(found.itertext()))

    def drawings(self) -> list[ET.Element]:
        return list(self.root.iter("{http://www.w3.org/2000/svg}svg"))

    def rows(self, label: str) -> list[list[str]]:
        """The cells of the table of that name, without its head."""
        (region,) = [each for each in self.root.iter("div") if each.get("aria-label") == label]
        return [
            [words("".join(cell.itertext())) for cell in row]
            for row in region.iter("tr")
            if row[-1].get("scope") != "col"
        ]


def words(text: str) -> str:
    return " ".join(text.split())


def _outside(element: ET.Element) -> list[str]:
    found = [element.text or ""]
    for child in element:
        if not child.tag.endswith(("svg", "style")):
            found += _outside(child)
        found.append(child.tail or "")
    return found
