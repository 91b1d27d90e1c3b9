// What pages do beyond plain forms: keys, choices that apply themselves, and uploads with progress.
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

// A form with data-now is sent when one of its choices changes; its button is for those without scripts.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-now]");
  if (form) form.requestSubmit();
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

// The menu closes when one clicks beside it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.who[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Uploads: each file is sent by itself, two at a time, and says how it went.
const AT_ONCE = 2;

function line(list, name) {
  const item = document.createElement("li");
  const title = document.createElement("span");
  const bar = document.createElement("progress");
  const said = document.createElement("span");
  title.textContent = name;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  said.className = "said";
  said.textContent = "waits";
  item.append(title, bar, said);
  list.append(item);
  return { item, bar, said };
}

function tell(shown, kind, text) {
  shown.item.className = kind;
  shown.said.textContent = text;
  if (kind === "good") shown.bar.value = 1;
}

function send(form, file, shown) {
  return new Promise((done) => {
    const fields = new FormData(form);
    fields.delete("photos");
    fields.append("photos", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", document.body.dataset.token);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      shown.bar.value = 0.95 * (event.loaded / event.total);
      shown.said.textContent = event.loaded < event.total ? `${Math.round((100 * event.loaded) / event.total)} %` : "is being read";
    });
    request.addEventListener("loadend", () => {
      const elsewhere = request.getResponseHeader("HX-Redirect");
      if (elsewhere) return window.location.assign(elsewhere);
      const answer = read(request);
      tell(shown, answer.good ? "good" : "wrong", answer.text);
      done(answer.good);
    });
    request.send(fields);
  });
}

function read(request) {
  if (!request.status) return { good: false, text: "the server could not be reached" };
  try {
    const { outcome, reason } = JSON.parse(request.responseText)[0];
    return { good: !reason, text: reason || outcome };
  } catch {
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    return { good: false, text: page.body.textContent.trim() || `refused (${request.status})` };
  }
}

async function sendAll(form, files) {
  const list = form.querySelector(".uploads");
  const status = form.querySelector("[role=status]");
  const waiting = [...files].map((file) => ({ file, shown: line(list, file.name) }));
  const count = waiting.length;
  let good = 0;
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (await send(form, next.file, next.shown)) good += 1;
      status.textContent = `${good} of ${count} taken in`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  document.querySelector("[data-reload]")?.removeAttribute("hidden");
  form.reset();
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) sendAll(form, input.files);
  });
  const drop = form.querySelector(".drop");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) sendAll(form, event.dataTransfer.files);
  });
}
