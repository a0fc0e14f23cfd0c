/* Filters and comparison of the table of models. Facts and words are in the page, in `#model-data`;
   what the reader chose is in the URL, so that it can be sent to somebody. */
(() => {
  "use strict";

  const form = document.querySelector(".model-filters");
  const table = document.querySelector(".model-table table");
  if (!form || !table) return;
  const { models, rows: attributes, texts, most } = JSON.parse(document.getElementById("model-data").textContent);
  const comparison = document.querySelector(".model-comparison");
  const count = form.querySelector(".model-filters__count");
  const rows = [...table.tBodies[0].rows].map((row) => {
    const id = row.cells[0].querySelector("code").textContent;
    return { id, row, model: models[id], text: row.textContent.toLocaleLowerCase() };
  });
  const numbers = new Intl.NumberFormat(document.documentElement.lang, { useGrouping: "always" });
  let compared = [];
  let sorted = null;

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /* Which rows are shown */

  const fits = ({ model, text }, chosen) =>
    chosen.words.every((word) => text.includes(word)) &&
    chosen.capability.every((name) => model.capability.includes(name)) &&
    (!chosen.size || model.size === chosen.size) &&
    (!chosen.context || (model.context ?? 0) >= Number(chosen.context)) &&
    (!chosen.energy || (model.energy !== null && model.energy <= Number(chosen.energy))) &&
    (!chosen.price || model.price === chosen.price) &&
    (!chosen.licence || model.licence === chosen.licence) &&
    (!chosen.phase || model.phase === chosen.phase);

  const filter = () => {
    const data = new FormData(form);
    const chosen = {
      words: data.get("q").toLocaleLowerCase().split(/\s+/).filter(Boolean),
      capability: data.getAll("capability"),
    };
    for (const key of ["size", "context", "price", "energy", "licence", "phase"]) chosen[key] = data.get(key) ?? "";
    let shown = 0;
    for (const each of rows) {
      each.row.hidden = !fits(each, chosen);
      shown += !each.row.hidden;
    }
    count.textContent = `${texts.count} — ${numbers.format(shown)} / ${numbers.format(rows.length)}`;
  };

  /* State in the URL */

  const remember = () => {
    const url = new URL(location.href);
    for (const key of [...url.searchParams.keys()]) if (key !== "h") url.searchParams.delete(key);
    for (const [key, value] of new FormData(form)) if (value) url.searchParams.append(key, value);
    if (sorted) url.searchParams.set("sort", `${sorted.up ? "" : "-"}${sorted.column}`);
    for (const id of compared) url.searchParams.append("compare", id);
    history.replaceState(history.state, "", url);
  };

  const recall = () => {
    const asked = new URL(location.href).searchParams;
    for (const field of form.elements) {
      if (!field.name) continue;
      const values = asked.getAll(field.name);
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
      if (field.tagName === "SELECT" && field.selectedIndex < 0) field.value = "";
    }
    compared = asked.getAll("compare").filter((id) => id in models).slice(0, most);
    const order = /^(-?)(\d+)$/.exec(asked.get("sort") ?? "");
    const button = order && table.tHead.rows[0].cells[Number(order[2])]?.querySelector(".sort");
    if (button) {
      for (let clicks = order[1] ? 2 : 1; clicks; clicks--) button.click();
      sorted = { column: Number(order[2]), up: !order[1] };
    }
  };

  /* Comparison */

  const boxes = new Map();
  const announcement = element("p", { className: "model-comparison__full" });
  announcement.setAttribute("role", "status");

  for (const { id, row, model } of rows) {
    const box = element("input", { type: "checkbox", className: "compare" });
    box.setAttribute("aria-label", `${texts.compare} — ${model.name}`);
    box.title = texts.compare;
    box.addEventListener("change", () => toggle(id, box.checked));
    row.cells[0].prepend(box);
    boxes.set(id, box);
  }

  const toggle = (id, on) => {
    compared = compared.filter((other) => other !== id);
    announcement.textContent = "";
    if (on && compared.length >= most) announcement.textContent = texts.full;
    else if (on) compared.push(id);
    compare();
    remember();
  };

  const compare = () => {
    for (const [id, box] of boxes) box.checked = compared.includes(id);
    comparison.hidden = compared.length === 0;
    const head = element("tr", {}, element("th", { scope: "col", textContent: texts.attribute }));
    for (const id of compared) {
      const { name, url } = models[id];
      const remove = element("button", { type: "button", className: "model-comparison__remove", textContent: "×" });
      remove.setAttribute("aria-label", `${texts.remove} — ${name}`);
      remove.title = texts.remove;
      remove.addEventListener("click", () => {
        toggle(id, false);
        (comparison.hidden ? form.elements.q : comparison).focus();
      });
      head.append(element("th", { scope: "col" }, element("a", { href: url, textContent: name }), remove));
    }
    const body = element("tbody");
    attributes.forEach((label, index) => {
      const values = compared.map((id) => models[id].values[index]);
      const row = element("tr", {}, element("th", { scope: "row", textContent: label }));
      row.append(...values.map((value) => element("td", { textContent: value })));
      row.classList.toggle("differs", new Set(values).size > 1);
      body.append(row);
    });
    const made = element("table", { className: "model-comparison__table" },
      element("caption", { textContent: texts.caption }), element("thead", {}, head), body);
    const frame = element("div", { className: "model-comparison__scroll", tabIndex: 0 }, made);
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", texts.caption);
    comparison.replaceChildren(announcement, frame);
  };

  recall();
  filter();
  compare();
  form.hidden = false;
  form.addEventListener("input", () => { filter(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { filter(); remember(); }));
  table.addEventListener("sorted", (event) => { sorted = event.detail; remember(); });
})();
