// The list of objects: number, colour, name, category; what this window shows, locks or shows alone.

import { dash } from "./colors.js";

export class ObjectList {
  /** The row that is being moved: {id, place}. */
  #moved = null;
  /** A button that is being pressed is not replaced by a new one before it is let go. */
  #isPressed = false;
  /** The rows by object, and what each says, as JSON: one that says it already is left as it is, under the pointer and for who reads the page. */
  #rows = new Map();

  constructor(list, session, act, say) {
    [this.list, this.session, this.act, this.say] = [list, session, act, say];
    this.categories = document.createElement("datalist");
    this.categories.id = "categories";
    list.after(this.categories);
    list.addEventListener("focusout", () => setTimeout(() => this.update()));
    list.addEventListener("pointerdown", () => (this.#isPressed = true));
    for (const name of ["pointerup", "pointercancel"]) {
      window.addEventListener(name, () => this.#isPressed && setTimeout(() => this.#released()));
    }
    for (const name of ["state", "selection", "view"]) session.addEventListener(name, () => this.update());
  }

  update() {
    // A name that is being typed is not taken from under the fingers.
    if (this.list.contains(document.activeElement) && document.activeElement.matches("input[type=text]")) return;
    if (this.#moved || this.#isPressed) return;
    const { objects, isAdding } = this.session;
    const focus = document.activeElement?.dataset?.focus;
    const rows = objects.map((object) => this.#current(object));
    if (isAdding) rows.push(this.list.querySelector(".coming") ?? this.#coming());
    const { children } = this.list;
    rows.forEach((row, place) => children[place] !== row && this.list.insertBefore(row, children[place] ?? null));
    while (children.length > rows.length) this.list.lastElementChild.remove();
    this.#rows = new Map(objects.map(({ id }) => [id, this.#rows.get(id)]));
    document.getElementById("objects-empty").hidden = rows.length > 0;
    this.#offer(objects);
    if (focus && document.activeElement?.dataset?.focus !== focus) this.list.querySelector(`[data-focus="${focus}"]`)?.focus();
  }

  #updateAll() {
    for (const known of this.#rows.values()) known.says = null;
    this.update();
  }

  /** An object's row as it is, or a new one in its place where it does not say what is to be said. */
  #current(object) {
    const { selected, solo, hidden, locked } = this.session;
    const { id, color, name, category } = object;
    const says = JSON.stringify([color, name, category, id === selected, id === solo, hidden.has(id), locked.has(id)]);
    const known = this.#rows.get(id);
    if (known?.says === says) return known.row;
    const row = this.#row(object);
    known?.row.replaceWith(row);
    this.#rows.set(id, { row, says });
    return row;
  }

  /** Categories that were typed before. */
  #offer(objects) {
    const categories = [...new Set(objects.map((object) => object.category).filter(Boolean))];
    if (categories.join("\n") === [...this.categories.options].map((option) => option.value).join("\n")) return;
    this.categories.replaceChildren(...categories.map((category) => new Option(category, category)));
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

  #released() {
    this.#isPressed = false;
    this.update();
  }

  /** A place for the object that the next click makes. */
  #coming() {
    const row = document.createElement("li");
    row.className = "coming";
    row.textContent = "Click on the new object";
    return row;
  }

  /** A swatch selects; once more, or for the selected one, it changes the colour. Dragged, it puts the object above or below others. */
  #swatch(object) {
    const swatch = document.createElement("button");
    swatch.className = "swatch";
    swatch.style.background = object.color;
    swatch.textContent = object.id;
    swatch.style.outline = dash(object.id).length ? `1.5px dashed ${object.color}` : "";
    swatch.style.outlineOffset = "2px";
    const isSelected = object.id === this.session.selected;
    swatch.setAttribute("aria-label", isSelected ? `Colour of object ${object.id}` : `Select object ${object.id}`);
    swatch.title = isSelected ? "Change the colour; drag up or down: what lies on top" : "Select; drag up or down: what lies on top";
    swatch.dataset.focus = `swatch-${object.id}`;
    swatch.addEventListener("click", () => (isSelected ? this.#pickColor(object) : this.session.select(object.id)));
    swatch.addEventListener("pointerdown", (event) => this.#grab(event, object));
    return swatch;
  }

  // MARK: Order

  #grab(event, object) {
    const swatch = event.target;
    const rows = [...this.list.querySelectorAll("[data-object]")];
    const from = rows.findIndex((row) => row.dataset.object === String(object.id));
    const move = ({ clientY }) => {
      if (!this.#moved && Math.abs(clientY - event.clientY) < 8) return;
      const middles = rows.map((row) => row.getBoundingClientRect()).map((box) => box.top + box.height / 2);
      const place = middles.filter((middle, index) => index !== from && middle < clientY).length;
      this.#moved = { id: object.id, place };
      rows.forEach((row, index) => row.classList.toggle("moved", index === from));
      const others = rows.filter((_, index) => index !== from);
      others.forEach((row, index) => {
        row.classList.toggle("above", index === place);
        row.classList.toggle("below", index === place - 1 && place === others.length);
      });
    };
    const drop = () => {
      swatch.removeEventListener("pointermove", move);
      const moved = this.#moved;
      this.#moved = null;
      if (!moved) return;
      swatch.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      this.put(moved.id, moved.place);
      this.#updateAll();
    };
    swatch.setPointerCapture(event.pointerId);
    swatch.addEventListener("pointermove", move);
    swatch.addEventListener("pointerup", drop, { once: true });
    swatch.addEventListener("pointercancel", drop, { once: true });
  }

  /** Puts an object into a place of the list: the first lies on top of all others. */
  put(id, place) {
    const before = this.session.objects.map((object) => object.id);
    const order = before.filter((one) => one !== id);
    order.splice(Math.max(0, Math.min(order.length, place)), 0, id);
    if (order.join() === before.join()) return;
    this.act(() => this.session.edit({ edit: "order-objects", objects: order }));
  }

  step(id, direction) {
    this.put(id, this.session.objects.findIndex((object) => object.id === id) + direction);
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
    category.setAttribute("list", "categories");
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
      if (!change) field.value = value;
      // What is refused does not stay in the field.
      else this.act(() => this.session.edit(change)).then(() => this.#updateAll());
    });
    return field;
  }

  #marks(object) {
    const { session } = this;
    const marks = document.createElement("div");
    marks.className = "marks";
    const mark = (icon, label, isOn, act) => {
      const button = document.createElement("button");
      button.innerHTML = `<svg><use href="#icon-${icon}"/></svg>`;
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
    mark("remove", "Remove", null, () => this.#remove(object));
    return marks;
  }

  #remove(object) {
    return this.act(async () => {
      await this.session.edit({ edit: "remove-object", object: object.id });
      this.say(`Object ${object.id}, ${object.name}, is removed. Undo (Ctrl+Z) brings it back.`);
    });
  }

  /** Whether it is so now. */
  toggle(kind, id) {
    const set = this.session[kind];
    if (!set.delete(id)) set.add(id);
    this.session.tell("view");
    return set.has(id);
  }

  /** Whether it is so now. */
  toggleSolo(id) {
    this.session.solo = this.session.solo === id ? null : id;
    this.session.tell("view");
    return this.session.solo === id;
  }
}
