/* The price calculator: whole picoeuro as in the ledger, prices from `#calculator-data`. */
(() => {
  "use strict";

  const form = document.querySelector(".calculator");
  if (!form) return;
  const data = JSON.parse(document.getElementById("calculator-data").textContent);
  const language = document.documentElement.lang;
  const perEuro = BigInt(data.pico_per_eur);
  const digits = data.pico_per_eur.length - 1;
  const body = form.querySelector("tbody");
  const totals = form.querySelectorAll("tfoot td");
  const energy = form.querySelector(".calculator__energy");
  const problem = form.querySelector(".calculator__problem");

  const money = new Intl.NumberFormat(language, {
    style: "currency", currency: "EUR", useGrouping: "always", maximumFractionDigits: digits,
  });
  const number = new Intl.NumberFormat(language, { useGrouping: "always", maximumSignificantDigits: 6 });

  const up = (amount, size) => (amount + size - 1n) / size;

  /* Exact: a string with decimals is formatted without becoming a float. */
  const euros = (pico) => {
    const fraction = String(pico % perEuro).padStart(digits, "0");
    return money.format(`${pico / perEuro}.${fraction}`);
  };

  /* What is counted, in whole tokens or started seconds. */
  const counted = (value, factor) => BigInt(Math.ceil(Number((value * factor).toPrecision(15))));

  const cost = (rate, count) => {
    const pico = BigInt(rate.unit_pico), size = BigInt(rate.unit_size);
    return rate.whole_units ? up(count, size) * pico : up(count * pico, size);
  };

  const show = () => {
    const fields = form.elements;
    const read = (name) => Number(fields[name].value || 0);
    const names = [...data.classes.map((rate) => rate.id), "calls"];
    const wrong = names.filter((name) => !fields[name].validity.valid || !(read(name) >= 0) || read(name) > 1e15);
    for (const name of names) fields[name].toggleAttribute("aria-invalid", wrong.includes(name));
    problem.hidden = wrong.length === 0;
    if (wrong.length) return;

    const calls = counted(read("calls"), 1);
    let total = 0n;
    body.replaceChildren(...data.classes.map((rate) => {
      const each = cost(rate, counted(read(rate.id), rate.counted_per_asked));
      total += each;
      const row = document.createElement("tr");
      const head = Object.assign(document.createElement("th"), { scope: "row", textContent: rate.label });
      row.append(head, ...[each, each * calls].map((pico) =>
        Object.assign(document.createElement("td"), { textContent: euros(pico) })));
      return row;
    }));
    totals[0].textContent = euros(total);
    totals[1].textContent = euros(total * calls);
    fields.total.value = euros(total * calls);

    const kwh = data.kwh_per_mtok[fields.model?.value];
    energy.hidden = kwh === undefined;
    if (kwh !== undefined) {
      fields.energy.value = number.format(Number(kwh) * (read("output") + read("reasoning_output")) * read("calls") / 1e6);
    }
  };

  const remember = () => {
    const url = new URL(location.href);
    for (const field of form.elements) {
      if (!field.name || field.tagName === "OUTPUT") continue;
      if (field.value === (field.defaultValue ?? "")) url.searchParams.delete(field.name);
      else url.searchParams.set(field.name, field.value);
    }
    history.replaceState(history.state, "", url);
  };

  for (const [name, value] of new URL(location.href).searchParams) {
    const field = form.elements[name];
    if (field && field.tagName !== "OUTPUT") field.value = value;
  }
  if (form.elements.model && form.elements.model.selectedIndex < 0) form.elements.model.value = "";
  form.hidden = false;
  show();
  form.addEventListener("input", () => { show(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
})();
