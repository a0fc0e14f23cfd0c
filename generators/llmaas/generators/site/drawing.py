"""A diagram as SVG: boxes on a grid and arrows between them, in the colours of the page.

The picture has no script and no colour of its own: the style sheet has those of both schemes.
"""

from collections.abc import Iterator
from html import escape

from llmaas.generators.site.diagrams import Arrow, Box, Diagram

WIDTH, HEIGHT = 204, 74
GAP_X, GAP_Y = 92, 46
MARGIN = 8
TITLE_CHARACTERS, NOTE_CHARACTERS = 23, 31
"""How many characters fit into a line of a box; text in a picture does not break by itself."""
LABEL_CHARACTERS = 14


def draw(diagram: Diagram) -> str:
    """The picture in a frame that scrolls where a screen is narrower; one line of HTML."""
    columns = 1 + max(box.column for box in diagram.boxes)
    rows = 1 + max(box.row for box in diagram.boxes)
    width = columns * WIDTH + (columns - 1) * GAP_X + 2 * MARGIN
    height = rows * HEIGHT + (rows - 1) * GAP_Y + 2 * MARGIN
    name, title = diagram.name, escape(diagram.title)
    boxes = {box.id: box for box in diagram.boxes}
    parts = [
        f'<figure class="diagram-frame" tabindex="0" role="group" aria-label="{title}">',
        f'<svg class="diagram" viewBox="0 0 {width} {height}" role="img" data-search-exclude=""',
        f' aria-labelledby="diagram-{name}-title diagram-{name}-desc">',
        f'<title id="diagram-{name}-title">{title}</title>',
        f'<desc id="diagram-{name}-desc">{escape("; ".join(diagram.described))}</desc>',
        f'<defs><marker id="diagram-{name}-head" viewBox="0 0 8 8" refX="7" refY="4"',
        ' markerWidth="8" markerHeight="8" orient="auto-start-reverse">',
        '<path class="diagram__head" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for arrow in diagram.arrows:
        parts += _arrow(arrow, boxes[arrow.start], boxes[arrow.end], name)
    for box in diagram.boxes:
        parts += _box(box)
    return "".join([*parts, "</svg></figure>"])


def _left(box: Box) -> int:
    return MARGIN + box.column * (WIDTH + GAP_X)


def _top(box: Box) -> int:
    return MARGIN + box.row * (HEIGHT + GAP_Y)


def _box(box: Box) -> Iterator[str]:
    left, top = _left(box), _top(box)
    titles, notes = _lines(box.title, TITLE_CHARACTERS), _lines(box.note, NOTE_CHARACTERS)
    tall = 17 * len(titles) + 14 * len(notes)
    y = top + (HEIGHT - tall) / 2
    yield f'<g class="diagram__box diagram__box--{box.tone}">'
    yield f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="9"/>'
    for kind, step, lines in (("title", 17, titles), ("note", 14, notes)):
        for line in lines:
            yield (
                f'<text class="diagram__{kind}" x="{left + WIDTH // 2}" y="{y + step - 4:g}">'
                f"{escape(line)}</text>"
            )
            y += step
    yield "</g>"


def _arrow(arrow: Arrow, start: Box, end: Box, name: str) -> Iterator[str]:
    points, label_at, anchor = _route(arrow, start, end)
    path = "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
    yield f'<path class="diagram__arrow" d="{path}" marker-end="url(#diagram-{name}-head)"/>'
    if not arrow.label:
        return
    across = start.row == end.row or arrow.bend == "across"
    lines = _lines(arrow.label, LABEL_CHARACTERS if across else 3 * LABEL_CHARACTERS)
    x, y = label_at
    if across:
        y -= 13 * (len(lines) - 1)
    for line in lines:
        yield (
            f'<text class="diagram__label" x="{x:g}" y="{y:g}" text-anchor="{anchor}">'
            f"{escape(line)}</text>"
        )
        y += 13


Point = tuple[float, float]


def _route(arrow: Arrow, start: Box, end: Box) -> tuple[list[Point], Point, str]:
    """The corners of an arrow, and where its label stands with which anchor."""
    middle_x, middle_y = _left(start) + WIDTH / 2, _top(start) + HEIGHT / 2
    end_x, end_y = _left(end) + WIDTH / 2, _top(end) + HEIGHT / 2
    if start.row == end.row or (arrow.bend == "across" and start.column != end.column):
        right = end.column > start.column
        x0 = _left(start) + (WIDTH if right else 0)
        x1 = _left(end) + (0 if right else WIDTH)
        turn = (x0 + x1) / 2
        corners = [] if start.row == end.row else [(turn, middle_y), (turn, end_y)]
        # Beside a straight arrow there is room above it, at a bent one above its last piece.
        at = (turn, middle_y - 6) if not corners else (turn + 4, end_y + 15)
        anchor = "middle" if not corners else "end"
        return [(x0, middle_y), *corners, (x1, end_y)], at, anchor
    down = end.row > start.row
    y0 = _top(start) + (HEIGHT if down else 0)
    y1 = _top(end) + (0 if down else HEIGHT)
    turn_y = (y0 + y1) / 2
    corners = [] if start.column == end.column else [(middle_x, turn_y), (end_x, turn_y)]
    # Left of the last column, so that a long label stays in the picture.
    return [(middle_x, y0), *corners, (end_x, y1)], (end_x - 8, turn_y + 4), "end"


def _lines(text: str, characters: int) -> list[str]:
    """A text cut between words; a word that is too long keeps its line."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= characters:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
