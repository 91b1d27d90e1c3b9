"use strict";
(() => {
  const bar = document.getElementById("bar");
  const main = document.getElementById("cards");
  const nothing = document.getElementById("nothing");
  const status = document.getElementById("status");
  const fields = ["verdict", "brand", "signal", "q", "sort"];
  const cards = Array.from(main.querySelectorAll(".card"), (element) => ({
    element,
    position: Number(element.dataset.position),
    score: Number(element.dataset.score) || 0,
    verdict: element.dataset.verdict,
    brand: element.dataset.brand,
    signals: element.dataset.signals.split(" ").filter(Boolean),
    text: element.dataset.text,
    id: element.querySelector(".id bdi").textContent,
  }));
  if (!cards.length) return;
  const signals = JSON.parse(bar.elements.signal.dataset.names);
  let order = cards.every((card, at) => !at || cards[at - 1].score >= card.score) ? "" : null;

  function fill(name, values, none, names = {}) {
    const found = new Map();
    for (const value of values) found.set(value, (found.get(value) || 0) + 1);
    const sorted = Array.from(found).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    for (const [value, count] of sorted) {
      const label = Object.hasOwn(names, value) ? names[value] : value || none;
      bar.elements[name].add(new Option(`${label} (${count})`, value || "-"));
    }
  }

  function read() {
    const wanted = {};
    for (const name of fields) wanted[name] = bar.elements[name].value;
    return wanted;
  }

  function sort(by) {
    if (by === order) return;
    order = by;
    const first = by === "id" ? (a, b) => a.id.localeCompare(b.id, "en", { numeric: true }) : (a, b) => b.score - a.score;
    const sorted = cards.slice().sort((a, b) => first(a, b) || a.position - b.position);
    const all = document.createDocumentFragment();
    for (const card of sorted) all.append(card.element);
    main.prepend(all);
  }

  function apply() {
    const wanted = read();
    const words = wanted.q.toLowerCase().split(/\s+/).filter(Boolean);
    const counts = { "": 0, counterfeit: 0, review: 0, clear: 0 };
    let shown = 0;
    for (const card of cards) {
      const fits =
        (!wanted.brand || (card.brand || "-") === wanted.brand) &&
        (!wanted.signal || (wanted.signal === "-" ? !card.signals.length : card.signals.includes(wanted.signal))) &&
        words.every((word) => card.text.includes(word));
      if (fits) {
        counts[""] += 1;
        counts[card.verdict] += 1;
      }
      const visible = fits && (!wanted.verdict || card.verdict === wanted.verdict);
      if (card.element.hidden === visible) card.element.hidden = !visible;
      shown += visible;
    }
    for (const place of bar.querySelectorAll("[data-count]")) place.textContent = counts[place.dataset.count];
    status.textContent = `${shown} of ${cards.length} listings shown`;
    nothing.hidden = shown > 0;
    sort(wanted.sort);
    return wanted;
  }

  function remember() {
    const state = new URLSearchParams();
    const wanted = apply();
    for (const name of fields) if (wanted[name]) state.set(name, wanted[name]);
    const hash = state.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function recall() {
    const hash = location.hash.slice(1);
    if (hash && !hash.includes("=")) return;
    const state = new URLSearchParams(hash);
    for (const name of fields) {
      const field = bar.elements[name];
      field.value = state.get(name) || "";
      if (field.options && field.selectedIndex < 0) field.value = "";
    }
    if (!bar.elements.verdict.value) bar.querySelector('[name="verdict"][value=""]').checked = true;
    apply();
  }

  function offerCopy(details) {
    if (!details.matches(".record") || !details.open || details.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = details.querySelector("pre");
      try {
        await navigator.clipboard.writeText(text.textContent);
      } catch {
        getSelection().selectAllChildren(text);
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    details.append(button);
  }

  const signalNames = (card) => (card.signals.length ? card.signals : [""]);
  fill("brand", cards.map((card) => card.brand), "No brand");
  fill("signal", cards.flatMap(signalNames), "No signal", signals);
  let waiting = 0;
  bar.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(remember, event.target.name === "q" ? 120 : 0);
  });
  bar.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("reset").addEventListener("click", () => {
    bar.reset();
    remember();
  });
  main.addEventListener("toggle", (event) => offerCopy(event.target), true);
  addEventListener("hashchange", recall);
  bar.hidden = false;
  recall();
})();
