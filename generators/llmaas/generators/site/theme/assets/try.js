/* Calls the API of the host that serves this page, with the reader's key, which stays in the form. */
(() => {
  "use strict";

  const form = document.querySelector(".try");
  if (!form) return;
  const { operations, texts } = JSON.parse(document.getElementById("try-data").textContent);
  const fields = form.elements;
  const parameters = form.querySelector(".try__parameters");
  const bodyLabel = form.querySelector(".try__body");
  const problem = form.querySelector(".try__problem");
  const answer = document.querySelector(".try-answer");
  const status = answer.querySelector(".try-answer__status");
  const headers = answer.querySelector(".try-answer__headers");
  const said = answer.querySelector(".try-answer__text");
  const raw = answer.querySelector(".try-answer__body");
  let running = null;

  const chosen = () => operations.find((each) => each.slug === fields.operation.value);

  const choose = () => {
    const { body, parameters: names } = chosen();
    bodyLabel.hidden = !body;
    fields.body.value = body;
    parameters.replaceChildren(...names.map((name) => {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { name: `parameter-${name}`, required: true });
      input.autocomplete = "off";
      label.append(name, input);
      return label;
    }));
  };

  const complain = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
  };

  const showHeaders = (response) => {
    headers.replaceChildren();
    for (const [name, value] of response.headers) {
      if (!/^(x-|retry-after|content-type|deprecation|sunset|link)/.test(name)) continue;
      headers.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        Object.assign(document.createElement("dd"), { textContent: value }));
    }
  };

  /* The text of a stream of events, apart from the events themselves. */
  const textOf = (line) => {
    if (!line.startsWith("data: {")) return "";
    const choice = JSON.parse(line.slice(6)).choices?.[0];
    return choice?.delta?.content ?? choice?.text ?? "";
  };

  const readStream = async (response) => {
    let rest = "";
    said.hidden = false;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      raw.textContent += value;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      said.textContent += lines.map(textOf).join("");
    }
  };

  const readWhole = async (response) => {
    const text = await response.text();
    try {
      raw.textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      raw.textContent = text;
    }
  };

  const send = async () => {
    const operation = chosen();
    const path = operation.parameters.reduce(
      (made, name) => made.replace(`{${name}}`, encodeURIComponent(fields[`parameter-${name}`].value)), operation.path);
    const options = { method: operation.method, headers: { Authorization: `Bearer ${fields.key.value.trim()}` } };
    if (operation.body) {
      options.headers["Content-Type"] = "application/json";
      options.body = fields.body.value;
    }
    running = new AbortController();
    fields.stop.disabled = false;
    answer.hidden = false;
    said.hidden = true;
    said.textContent = raw.textContent = "";
    headers.replaceChildren();
    status.textContent = texts.running;
    try {
      const response = await fetch(new URL(path, location.origin), { ...options, signal: running.signal, cache: "no-store" });
      status.textContent = `${texts.status} — ${response.status} ${response.statusText}`.trim();
      showHeaders(response);
      const streamed = response.headers.get("content-type")?.startsWith("text/event-stream");
      await (streamed ? readStream : readWhole)(response);
    } catch (error) {
      status.textContent = error.name === "AbortError" ? texts.stopped : texts.offline;
    } finally {
      running = null;
      fields.stop.disabled = true;
    }
  };

  const asked = new URL(location.href).searchParams.get("operation");
  if (operations.some((each) => each.slug === asked)) fields.operation.value = asked;
  choose();
  form.hidden = false;
  fields.operation.addEventListener("change", () => { complain(""); choose(); });
  fields.stop.addEventListener("click", () => running?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complain("");
    if (running) return;
    if (chosen().body) {
      try {
        JSON.parse(fields.body.value);
      } catch (error) {
        complain(`${texts.invalid} ${error.message}`);
        fields.body.focus();
        return;
      }
    }
    send();
  });
})();
