/* The site works without this script; it keeps the reader's place when the language changes, and
   lets the tables of models be sorted and filtered. */
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.md-select__link[hreflang]");
    if (link) {
      const target = new URL(link.href);
      target.search = location.search;
      target.hash = location.hash;
      link.href = target.href;
    }
  }, true);

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };

  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    if (a === "" || b === "") return (a === "") - (b === "");
    return a.localeCompare(b, document.documentElement.lang, { numeric: true });
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows];
        rows.sort((a, b) => (up ? 1 : -1) * compare(valueOf(a, column), valueOf(b, column)));
        body.append(...rows);
      });
    });
  };

  const filterable = (table, place) => {
    const input = document.createElement("input");
    input.type = "search";
    input.className = "model-filter__input";
    input.placeholder = place.dataset.filterLabel;
    input.setAttribute("aria-label", place.dataset.filterLabel);
    place.append(input);
    place.hidden = false;
    input.addEventListener("input", () => {
      const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLocaleLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
  };

  const table = document.querySelector(".model-table table");
  if (table) {
    sortable(table);
    const place = document.querySelector(".model-filter");
    if (place) filterable(table, place);
  }
})();
