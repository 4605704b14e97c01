// Export and import.

import { get, post, upload } from "./server.js";

const $ = (id) => document.getElementById(id);

/** What was chosen last stays with the browser: the next video is exported the same way. */
const place = "sampt-export";

export class ExportDialog {
  /** The number of the one that is being written. */
  #current = null;
  /** The path that was proposed last. */
  #proposed = "";

  constructor(session) {
    this.session = session;
    this.dialog = $("export-dialog");
    $("export-close").addEventListener("click", () => this.dialog.close());
    $("export-format").addEventListener("change", () => this.#describe());
    $("export-form").addEventListener("change", () => this.#showPlace());
    $("export-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
    session.addEventListener("export", (event) => this.#hear(event.detail));
    session.addEventListener("connection", () => session.connected && this.#ask());
  }

  open() {
    const select = $("export-format");
    if (!select.options.length) {
      for (const format of this.session.project.formats) select.add(new Option(format.title, format.name));
      const last = JSON.parse(localStorage.getItem(place) ?? "{}");
      if (this.session.project.formats.some((format) => format.name === last.format)) select.value = last.format;
      if (last.isPath) $("export-form").elements.where.value = "path";
    }
    this.#describe();
    this.#showPlace();
    $("export-message").textContent = "";
    this.dialog.showModal();
  }

  #format() {
    return this.session.project.formats.find((format) => format.name === $("export-format").value);
  }

  #isDownload() {
    return new FormData($("export-form")).get("where") === "download";
  }

  /** A path says nothing about a download. */
  #showPlace() {
    $("export-path").disabled = this.#isDownload();
  }

  #describe() {
    const loses = this.#format()?.loses;
    $("export-loses").textContent = loses ? `Not kept: ${loses}` : "";
    // Beside the video, unless a person typed something else.
    const path = $("export-path");
    if (path.value !== this.#proposed) return;
    const { name, fileExtension } = this.#format();
    this.#proposed = `${this.session.project.video.path.replace(/(?<=[^/])\.[^./]*$/, "")}-${name}${fileExtension}`;
    path.value = this.#proposed;
  }

  async #start() {
    const isDownload = this.#isDownload();
    const path = $("export-path").value.trim();
    if (!isDownload && !path) {
      $("export-message").textContent = "Where to? Type a path.";
      return $("export-path").focus();
    }
    $("export-message").textContent = "";
    $("export-start").disabled = true;
    localStorage.setItem(place, JSON.stringify({ format: this.#format().name, isPath: !isDownload }));
    try {
      this.session.mustBeConnected("nothing is exported");
      const answer = await post("api/export", { format: this.#format().name, ...(isDownload ? { download: true } : { path }) });
      this.#current = answer.export;
      this.#show({ done: 0, total: 0 });
      await this.#ask();
    } catch (error) {
      this.#end(error.message);
    }
  }

  /** What was told before the export's number was known here, or while there was no connection. */
  async #ask() {
    const number = this.#current;
    if (number === null) return;
    try {
      this.#hear(await get(`api/exports/${number}`));
    } catch (error) {
      if (number === this.#current && error.status === 404) this.#end("The program ended before the masks were written. Export them again.");
    }
  }

  #hear(news) {
    if (news.export !== this.#current) return;
    if (!news.error && !news.path && !news.download) return this.#show(news);
    this.#end(news.error ?? (news.path ? `Written: ${news.path}` : "Your browser is saving the file."));
    if (news.download) location.assign(news.download);
  }

  #show({ done, total }) {
    const bar = $("export-progress");
    bar.hidden = false;
    if (total) [bar.max, bar.value] = [total, done];
    else bar.removeAttribute("value");
  }

  #end(message) {
    this.#current = null;
    $("export-progress").hidden = true;
    $("export-start").disabled = false;
    $("export-message").textContent = message;
  }
}

export class ImportDialog {
  constructor(session) {
    this.session = session;
    this.dialog = $("import-dialog");
    $("import-close").addEventListener("click", () => this.dialog.close());
    // One of the two counts: what was said last.
    $("import-path").addEventListener("input", () => ($("import-file").value = ""));
    $("import-file").addEventListener("change", () => ($("import-path").value = ""));
    $("import-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#start();
    });
  }

  open() {
    const select = $("import-format");
    if (!select.options.length) {
      select.add(new Option("as the file looks", ""));
      for (const format of this.session.project.formats.filter((one) => one.reads)) select.add(new Option(format.title, format.name));
    }
    $("import-message").textContent = "";
    this.dialog.showModal();
  }

  async #start() {
    const [file] = $("import-file").files;
    const path = $("import-path").value.trim();
    const format = $("import-format").value;
    if (!file && !path) {
      $("import-message").textContent = "Type a path or choose a file.";
      return;
    }
    $("import-start").disabled = true;
    $("import-message").textContent = "Reading …";
    try {
      this.session.mustBeConnected("nothing is imported");
      const answer = await (path ? post("api/import", { path, ...(format ? { format } : {}) }) : upload("api/import", file, format));
      const count = (number, name) => `${number} ${name}${number === 1 ? "" : "s"}`;
      const isNew = answer.masks ? " Undo takes all of them back." : "";
      $("import-message").textContent = `${count(answer.masks, "mask")} of ${count(answer.objects.length, "object")}.${isNew}`;
    } catch (error) {
      $("import-message").textContent = error.message;
    } finally {
      $("import-start").disabled = false;
    }
  }
}
