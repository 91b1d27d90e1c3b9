// Uploads: every file that is chosen or dropped is sent with its progress, large ones in parts that go on after a
// broken connection; what becomes a job is watched until it ends, and rows that failed are shown with what to do.
"use strict";
(() => {
  const AT_ONCE = 2;
  const PART = 8 * 2 ** 20;
  const TRIES = 6;
  const LATER = [0, 409, 423, 429, 503];
  const TUS = { "Tus-Resumable": "1.0.0" };
  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));
  let sending = 0;
  let watched = Promise.resolve();

  // Leaving the page ends what is being sent; jobs go on without it.
  addEventListener("beforeunload", (event) => sending && event.preventDefault());

  class Refused extends Error {}

  function ask(method, address, { body = null, headers = {}, progress = () => {} } = {}) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open(method, address);
      const own = { "X-CSRF-Token": document.body.dataset.token, "HX-Request": "true", Accept: "application/json" };
      for (const [name, value] of Object.entries({ ...own, ...headers })) request.setRequestHeader(name, value);
      request.upload.addEventListener("progress", (event) => progress(event.loaded));
      request.addEventListener("loadend", () => {
        if (request.getResponseHeader("HX-Redirect") || new URL(request.responseURL || address, location).pathname === "/sign-in") {
          sending = 0;
          location.reload();
        }
        done(request);
      });
      request.send(body);
    });
  }

  // Asks again, later and later, while the server cannot be reached or has no time.
  async function insist(method, address, options, tries = TRIES) {
    for (let tried = 1; ; tried += 1) {
      const answer = await ask(method, address, options);
      if (!LATER.includes(answer.status) || tried === tries) return answer;
      await pause(Number(answer.getResponseHeader("Retry-After")) || 2 ** (tried - 1));
    }
  }

  function said(answer) {
    if (!answer.status) return "the server cannot be reached: choose the file again later, what has come is kept";
    const page = new DOMParser().parseFromString(answer.responseText, "text/html");
    return page.body.textContent.trim() || `refused (${answer.status})`;
  }

  async function offsetOf(where) {
    const answer = await insist("HEAD", where, { headers: TUS });
    return answer.status === 200 ? Number(answer.getResponseHeader("Upload-Offset")) : -1;
  }

  async function begin(file) {
    const name = btoa(String.fromCharCode(...new TextEncoder().encode(file.name)));
    const headers = { ...TUS, "Upload-Length": file.size, "Upload-Metadata": `filename ${name}` };
    const answer = await insist("POST", "/uploads", { headers });
    if (answer.status !== 201) throw new Refused(said(answer));
    return answer.getResponseHeader("Location");
  }

  // Sends a large file in parts, from where an earlier try of the same file ended; gives where it lies.
  async function inParts(file, line) {
    const place = `upload ${file.name} ${file.size} ${file.lastModified}`;
    let where = localStorage.getItem(place);
    let at = where ? await offsetOf(where) : -1;
    if (at < 0) {
      [where, at] = [await begin(file), 0];
      localStorage.setItem(place, where);
    }
    const kind = { ...TUS, "Content-Type": "application/offset+octet-stream" };
    for (let failed = 0; at < file.size; ) {
      const from = at;
      const headers = { ...kind, "Upload-Offset": from };
      const progress = (loaded) => line.sent((from + loaded) / file.size);
      const answer = await ask("PATCH", where, { body: file.slice(from, from + PART), headers, progress });
      if (answer.status === 204) {
        [at, failed] = [Number(answer.getResponseHeader("Upload-Offset")), 0];
      } else if (LATER.includes(answer.status) && failed < TRIES) {
        line.say("broken off, tries again");
        await pause(2 ** failed);
        failed += 1;
        at = Math.max(at, await offsetOf(where));
      } else {
        throw new Refused(said(answer));
      }
    }
    return { where, place };
  }

  async function send(form, input, { file, identity }, line) {
    const fields = new FormData(form);
    fields.delete(input.name);
    if (identity) fields.set("identity", identity);
    let parts = null;
    if (file.size > PART) {
      parts = await inParts(file, line);
      fields.set("upload", parts.where.split("/").pop());
    } else {
      fields.append(input.name, file, file.name);
    }
    const progress = (loaded) => parts || line.sent(loaded / Math.max(1, file.size));
    const answer = await insist("POST", form.action, { body: fields, progress });
    let told;
    try {
      [told] = JSON.parse(answer.responseText);
    } catch {
      throw new Refused(said(answer));
    }
    if (parts) localStorage.removeItem(parts.place);
    if (parts && told.reason) ask("DELETE", parts.where, { headers: TUS });
    return told;
  }

  // What is shown of one file.
  class Line {
    constructor(list, name) {
      this.item = document.createElement("li");
      this.bar = document.createElement("progress");
      this.words = document.createElement("span");
      const title = document.createElement("span");
      title.textContent = name;
      title.className = "name";
      this.bar.max = 1;
      this.bar.value = 0;
      this.bar.setAttribute("aria-label", name);
      this.words.className = "said";
      this.item.append(title, this.bar, this.words);
      this.list = list;
      list.append(this.item);
      this.say("waits");
    }
    say(text) {
      this.words.textContent = text;
    }
    sent(share) {
      if (share < 1) this.bar.value = share;
      else this.bar.removeAttribute("value");
      this.say(share < 1 ? `${Math.floor(100 * share)} %` : "is being read");
    }
    taken(done, rows) {
      if (rows) this.bar.value = Math.min(1, done / rows);
      else this.bar.removeAttribute("value");
      this.say(rows ? `${done} of ${rows}` : `${done} so far`);
    }
    good(text) {
      this.bar.value = 1;
      this.item.className = "good";
      this.say(text);
    }
    // What needs a person's attention goes where it is seen.
    wrong(reason, advice = "") {
      this.item.className = "wrong";
      this.say(reason);
      if (advice) {
        const help = document.createElement("span");
        help.className = "advice";
        help.textContent = advice;
        this.item.append(help);
      }
      this.list.prepend(this.item);
    }
  }

  function counted(result) {
    const parts = Object.entries(result).filter(([, number]) => Number.isInteger(number) && number);
    return parts.map(([name, number]) => `${number} ${name}`).join(", ") || "nothing in it";
  }

  function ended(job, line) {
    const link = document.createElement("a");
    link.href = `/scans/${job.job_id}`;
    link.textContent = `Import ${job.job_id}`;
    if (job.state === "done" && !job.result.failed) line.good(counted(job.result));
    else line.wrong(job.state === "done" ? counted(job.result) : job.error || job.state);
    line.item.append(link);
    if (job.result.failed) {
      const rows = document.createElement("div");
      rows.className = "rows-failed";
      line.item.append(rows);
      htmx.ajax("GET", `/scans/${job.job_id}/failures`, { target: rows, swap: "innerHTML" });
    }
  }

  // Follows a job to its end; one at a time, as a browser keeps few connections to one server.
  function watch(number, rows, line) {
    return new Promise((done) => {
      const source = new EventSource(`/scans/${number}/events`);
      source.addEventListener("job", (event) => {
        const job = JSON.parse(event.data);
        if (["waiting", "running"].includes(job.state)) return line.taken(job.done, rows);
        source.close();
        ended(job, line);
        return done(job.state === "done");
      });
      source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return;
        line.wrong("cannot be watched any more", "Look under Scans how it went.");
        done(false);
      });
    });
  }

  async function one(form, input, chosen, line) {
    try {
      const told = await send(form, input, chosen, line);
      if (told.reason) return line.wrong(told.reason, told.advice), false;
      if (told.job && form.dataset.upload === "open") {
        sending = 0;
        location.assign(`/scans/${told.job}`);
        return true;
      }
      if (!told.job) return line.good(told.outcome), true;
      line.taken(0, told.rows);
      watched = watched.then(() => watch(told.job, told.rows, line));
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return line.wrong(error.message), false;
    }
  }

  // The part of a page that uploads change, as it is now.
  async function renew() {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-renew]")) {
      const now = page.getElementById(part.id);
      if (now) part.replaceWith(now);
    }
  }

  async function sendAll(form, input, files) {
    const list = form.querySelector(".uploads");
    const status = form.querySelector("[role=status]");
    const waiting = files.map((chosen) => ({ chosen, line: new Line(list, chosen.path) }));
    const count = waiting.length;
    let [good, done] = [0, 0];
    sending += 1;
    form.reset();
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (await one(form, input, next.chosen, next.line)) good += 1;
        done += 1;
        status.textContent = `${done} of ${count} ${count === 1 ? "file" : "files"} sent, ${done - good} refused`;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    sending = Math.max(0, sending - 1);
    await watched;
    await renew();
    status.textContent += "; all that could be was taken in";
  }

  // Ids as folders of images have them: the path without extension, or with it where two would be the same.
  function identified(files) {
    let ids = files.map(({ path }) => path.replace(/(?<=[^/])\.[^./]*$/, ""));
    for (;;) {
      const times = new Map();
      for (const id of ids) times.set(id, (times.get(id) || 0) + 1);
      const longer = ids.map((id, at) => (times.get(id) > 1 ? files[at].path : id));
      if (longer.every((id, at) => id === ids[at])) return files.map((one, at) => ({ ...one, identity: ids[at] }));
      ids = longer;
    }
  }

  async function below(entry, path = "") {
    if (entry.name.startsWith(".")) return [];
    if (entry.isFile) return [{ file: await new Promise((done, failed) => entry.file(done, failed)), path: path + entry.name }];
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return found;
      for (const one of some) found.push(...(await below(one, `${path}${entry.name}/`)));
    }
  }

  async function dropped(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files].map((file) => ({ file, path: file.name }));
    return (await Promise.all(entries.map((entry) => below(entry)))).flat();
  }

  for (const form of document.querySelectorAll("form[data-upload]")) {
    const input = form.querySelector("input[type=file]");
    const drop = form.querySelector(".drop");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
      if (files.length) sendAll(form, input, identified(files));
    });
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const files = await dropped(event.dataTransfer);
      if (files.length) sendAll(form, input, identified(input.multiple ? files : files.slice(0, 1)));
    });
  }
})();
