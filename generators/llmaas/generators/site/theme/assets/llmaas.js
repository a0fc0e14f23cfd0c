/* The site works without this script; it keeps the reader's place when the language changes, and
   lets the tables of models be sorted. */
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

  /* The theme leaves its search without a name, and tables that scroll without the keyboard. */
  const search = document.querySelector(".md-search[role=dialog]");
  search?.setAttribute("aria-label", search.querySelector("input[aria-label]")?.getAttribute("aria-label") ?? "");

  const reachable = () => {
    for (const frame of document.querySelectorAll(".md-typeset__scrollwrap")) {
      const scrolls = frame.scrollWidth > frame.clientWidth;
      if (scrolls) frame.tabIndex = 0;
      else frame.removeAttribute("tabindex");
    }
  };
  addEventListener("load", reachable);
  addEventListener("resize", reachable);

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.sort ?? cell.textContent.trim();
  };

  const compare = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, document.documentElement.lang, { numeric: true });
  };

  /* What has no value stands last in both directions. */
  const ordered = (column, up) => (one, other) => {
    const a = valueOf(one, column), b = valueOf(other, column);
    if (a === "" || b === "") return (a === "") - (b === "");
    return (up ? 1 : -1) * compare(a, b);
  };

  for (const table of document.querySelectorAll(".model-table table")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...[...body.rows].sort(ordered(column, up)));
        table.dispatchEvent(new CustomEvent("sorted", { bubbles: true, detail: { column, up } }));
      });
    });
  }
})();
