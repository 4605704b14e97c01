// The list of objects: number, colour, name, category; what this window shows, locks or shows alone.

import { dash } from "./colors.js";

export class ObjectList {
  constructor(list, session, act) {
    [this.list, this.session, this.act] = [list, session, act];
    for (const name of ["state", "selection", "view"]) session.addEventListener(name, () => this.update());
  }

  update() {
    // A name that is being typed is not taken from under the fingers.
    if (this.list.contains(document.activeElement) && document.activeElement.matches("input[type=text]")) return;
    const focus = document.activeElement?.dataset?.focus;
    this.list.replaceChildren(...this.session.objects.map((object) => this.#row(object)));
    if (focus) this.list.querySelector(`[data-focus="${focus}"]`)?.focus();
  }

  #row(object) {
    const { session } = this;
    const row = document.createElement("li");
    row.dataset.object = object.id;
    row.setAttribute("aria-current", object.id === session.selected);
    row.addEventListener("pointerdown", (event) => event.target.closest("button, input") || session.select(object.id));
    row.append(this.#swatch(object), this.#names(object), this.#marks(object));
    return row;
  }

  #swatch(object) {
    const swatch = document.createElement("button");
    swatch.className = "swatch";
    swatch.style.background = object.color;
    swatch.textContent = object.id;
    swatch.style.outline = dash(object.id).length ? `1.5px dashed ${object.color}` : "";
    swatch.style.outlineOffset = "2px";
    swatch.setAttribute("aria-label", `Select object ${object.id}`);
    swatch.title = "Click selects; double click changes the colour";
    swatch.dataset.focus = `swatch-${object.id}`;
    swatch.addEventListener("click", () => this.session.select(object.id));
    swatch.addEventListener("dblclick", () => this.#pickColor(object));
    return swatch;
  }

  #pickColor(object) {
    const picker = document.createElement("input");
    picker.type = "color";
    picker.value = object.color.toLowerCase();
    picker.addEventListener("change", () =>
      this.act(() => this.session.edit({ edit: "recolor-object", object: object.id, color: picker.value.toUpperCase() })),
    );
    picker.click();
  }

  #names(object) {
    const names = document.createElement("div");
    names.className = "names";
    const name = this.#field(object.name, `Name of object ${object.id}`, `name-${object.id}`, (text) =>
      text ? { edit: "rename-object", object: object.id, name: text } : null,
    );
    const category = this.#field(object.category ?? "", `Category of object ${object.id}`, `category-${object.id}`, (text) => ({
      edit: "categorize-object", object: object.id, ...(text ? { category: text } : {}),
    }));
    category.className = "category";
    category.placeholder = "category";
    names.append(name, category);
    return names;
  }

  #field(value, label, focus, edit) {
    const field = document.createElement("input");
    field.type = "text";
    field.value = value;
    field.maxLength = 200;
    field.setAttribute("aria-label", label);
    field.dataset.focus = focus;
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") field.value = value;
      if (event.key === "Enter" || event.key === "Escape") field.blur();
      event.stopPropagation();
    });
    field.addEventListener("change", () => {
      const change = field.value.trim() === value ? null : edit(field.value.trim());
      if (change) this.act(() => this.session.edit(change));
      else field.value = value;
    });
    return field;
  }

  #marks(object) {
    const { session } = this;
    const marks = document.createElement("div");
    marks.className = "marks";
    const mark = (icon, label, isOn, act) => {
      const button = document.createElement("button");
      button.innerHTML = `<svg><use href="page/icons.svg#${icon}"/></svg>`;
      button.setAttribute("aria-label", `${label} object ${object.id}`);
      button.title = label;
      button.dataset.focus = `${label}-${object.id}`;
      if (isOn !== null) button.setAttribute("aria-pressed", isOn);
      button.addEventListener("click", act);
      marks.append(button);
    };
    const shows = !session.hidden.has(object.id);
    mark(shows ? "eye" : "eye-off", "Show", shows, () => this.toggle("hidden", object.id));
    mark("solo", "Solo", session.solo === object.id, () => this.toggleSolo(object.id));
    const locked = session.locked.has(object.id);
    mark(locked ? "lock" : "unlock", "Lock", locked, () => this.toggle("locked", object.id));
    mark("remove", "Remove", null, () => this.act(() => session.edit({ edit: "remove-object", object: object.id })));
    return marks;
  }

  toggle(kind, id) {
    const set = this.session[kind];
    if (!set.delete(id)) set.add(id);
    this.session.tell("view");
  }

  toggleSolo(id) {
    this.session.solo = this.session.solo === id ? null : id;
    this.session.tell("view");
  }
}
