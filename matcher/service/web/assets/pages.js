// What pages do beyond plain forms: keys, choices that apply themselves, and questions before what cannot be undone.
"use strict";

// Keys: an element with data-key is pressed by that key, unless the person is typing. Once a form is on its way the
// next key is meant for the next page.
let leaving = false;
window.addEventListener("pageshow", () => (leaving = false));
document.addEventListener("submit", (event) => (leaving = !event.target.matches("[data-upload]")));
document.addEventListener("keydown", (event) => {
  if (leaving) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const wanted = CSS.escape(event.key.toLowerCase());
  const pressed = document.querySelector(`[data-key~="${wanted}"]`);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});

// A form with data-now is sent when one of its choices changes; its button is for those without scripts, and for
// who goes through the choices by arrow or letter, one after the other: those are not sent on the way.
let passing = false;
document.addEventListener("keydown", (event) => (passing = event.key.startsWith("Arrow") || event.key.length === 1));
document.addEventListener("pointerdown", () => (passing = false));
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-now]");
  if (!form) return;
  if (!passing) return form.requestSubmit();
  for (const button of form.querySelectorAll("button")) button.hidden = false;
});
for (const form of document.querySelectorAll("form[data-now]")) {
  for (const button of form.querySelectorAll("button")) button.hidden = true;
}

// A question before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.sure || event.target.dataset.sure;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    leaving = false;
  }
});

// Back goes to the page as one left it, with what was typed there.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-back]") || history.length < 2) return;
  event.preventDefault();
  history.back();
});

// The menu closes when one clicks beside it, or by Escape.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.who[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.who[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// What one chose to see stays chosen on the next page.
const choices = (part) => [...part.querySelectorAll("input[data-remember]")];
htmx.onLoad((part) => {
  for (const one of choices(part)) one.checked = localStorage.getItem(one.dataset.remember) !== "no";
});
document.addEventListener("change", (event) => {
  const name = event.target.dataset.remember;
  if (name) localStorage.setItem(name, event.target.checked ? "yes" : "no");
});
