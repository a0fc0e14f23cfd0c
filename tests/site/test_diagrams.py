"""Diagrams say what the catalogue says, in every language, to eyes and ears alike."""

from xml.etree import ElementTree as ET

import pytest

from llmaas.bundle import Phase
from llmaas.generators.site.diagrams import DIAGRAM_NAMES, diagram_of
from llmaas.generators.site.drawing import HEIGHT, WIDTH, draw
from llmaas.generators.site.formats import Formats
from llmaas.generators.site.texts import Texts
from llmaas.generators.site.words import Words

LANGUAGES = ("fr", "en", "es", "de", "it")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def diagram(catalog):
    def diagram(name, language="fr", catalog=catalog):
        texts = Texts(language)
        made = diagram_of(name, catalog, Words(texts.gettext, texts.word, Formats(language).number))
        assert not texts.missing
        return made

    return diagram


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DIAGRAM_NAMES)
def test_a_picture_holds_every_box_and_arrow_of_its_record(diagram, name, language):
    record = diagram(name, language)
    tree = ET.fromstring(draw(record))
    boxes = [g for g in tree.iter("g") if "diagram__box" in g.get("class", "")]
    arrows = [p for p in tree.iter("path") if p.get("class") == "diagram__arrow"]
    assert (len(boxes), len(arrows)) == (len(record.boxes), len(record.arrows))
    for box, drawn in zip(record.boxes, boxes, strict=True):
        words = " ".join("".join(text.itertext()) for text in drawn.iter("text"))
        assert words.split() == f"{box.title} {box.note}".split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DIAGRAM_NAMES)
def test_a_picture_is_named_and_described(diagram, name, language):
    record = diagram(name, language)
    svg = ET.fromstring(draw(record)).find("svg")
    texts = {element.get("id"): element.text for element in svg if element.get("id")}
    named, described = svg.get("aria-labelledby").split()
    assert texts[named] == record.title
    assert all(box.title in texts[described] for box in record.boxes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", DIAGRAM_NAMES)
def test_no_text_runs_out_of_its_box(diagram, name, language):
    tree = ET.fromstring(draw(diagram(name, language)))
    for group in tree.iter("g"):
        rect = group.find("rect")
        top, height = float(rect.get("y")), float(rect.get("height"))
        assert height == HEIGHT
        for text in group.iter("text"):
            assert top < float(text.get("y")) < top + height
            # A generous width of a character of this size, in bold.
            size = 8.4 if "title" in text.get("class") else 6.2
            assert len(text.text) * size < WIDTH, text.text


@pytest.mark.parametrize("name", DIAGRAM_NAMES)
def test_no_two_boxes_share_a_place(diagram, name):
    places = [(box.column, box.row) for box in diagram(name).boxes]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("name", DIAGRAM_NAMES)
def test_colours_come_from_the_page_alone(diagram, name):
    picture = draw(diagram(name))
    assert "style=" not in picture
    assert "fill=" not in picture


def test_the_lifecycle_shows_every_phase_and_whether_it_answers(diagram):
    boxes = {box.id: box for box in diagram("lifecycle", "en").boxes}
    assert boxes.keys() == set(Phase)
    assert {id_ for id_, box in boxes.items() if box.note.startswith("answers")} == {
        phase for phase in Phase if phase.callable
    }


def test_the_security_chain_follows_the_policy_of_the_catalogue(diagram, edited_catalog):
    edited = edited_catalog(
        "{ id: check_patterns, enabled: true }", "{ id: check_patterns, enabled: false }"
    )
    record = diagram("security", "en", edited)
    assert [box.id for box in record.boxes if box.id.startswith("check_")] == [
        "check_structure",
        "check_behavior",
    ]
    stricter = edited_catalog("{ flag: 0.5, block: 0.8 }", "{ flag: 0.25, block: 0.7 }")
    notes = {box.id: box.note for box in diagram("security", "de", stricter).boxes}
    assert notes["flag"] == "Wert von mindestens 0,25"
    assert notes["block"] == "Wert von mindestens 0,7"
