"use strict";
for (const label of document.querySelectorAll(".pick")) {
  const strips = label.parentElement.querySelectorAll(".strip");
  label.hidden = false;
  label.querySelector("select").addEventListener("input", (event) => {
    const kind = event.target.value;
    for (const strip of strips) strip.hidden = kind !== "" && strip.dataset.kind !== kind;
  });
}
