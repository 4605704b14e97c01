// What a screen reader says of what happens on the page: what a person sees, in a few words.

const pause = 120; // Milliseconds in which what follows is said together: keys that are held down say where they end.

/** By edit: what it did. */
const deeds = {
  "add-object": () => "New object",
  "rename-object": (edit) => `Renamed: ${edit.name}`,
  "recolor-object": () => "Another colour",
  "categorize-object": (edit) => `Category: ${edit.category ?? "none"}`,
  "order-objects": () => "Order changed",
  "add-point": (edit) => `${edit.positive ? "Point" : "Point, not this,"} at ${Math.floor(edit.x)}, ${Math.floor(edit.y)}`,
  "move-point": () => "Point moved",
  "move-track": () => "Tracked point moved",
  "remove-point": () => "Point removed",
  "remove-track": () => "Tracked point removed from this frame on",
  "set-box": () => "Box drawn",
  "add-stroke": (edit) => (edit.lasso ? (edit.erase ? "Cut out" : "Enclosed") : edit.erase ? "Erased" : "Painted"),
  "clear-anchor": () => "Marks of this frame removed",
  undo: () => "Undone",
  redo: () => "Done again",
};

const tools = { click: "Click", brush: "Brush", eraser: "Eraser", lasso: "Lasso", hand: "Move the view" };

/** As a person calls an object: the name that it has by default says its number already. */
export function titleOf({ id, name }) {
  return name === `object ${id}` ? name : `${name}, object ${id}`;
}

export class Speech {
  /** What is about to be said, by what it is about: where something is said twice, the later counts. */
  #waiting = new Map();
  #timer = null;
  #tool = null;
  #sign = false;

  constructor(place) {
    this.place = place;
  }

  say(text, about = text) {
    this.#waiting.delete(about);
    this.#waiting.set(about, text);
    clearTimeout(this.#timer);
    this.place.textContent = "";
    this.#timer = setTimeout(() => {
      this.place.textContent = [...this.#waiting.values()].join(". ");
      this.#waiting.clear();
    }, pause);
  }

  /** Says what happens to a session, and which tool is taken. */
  follow(session, pointer, describe) {
    session.addEventListener("edited", ({ detail }) => deeds[detail.edit] && this.say(deeds[detail.edit](detail)));
    session.addEventListener("frame", () => session.isPlaying || session.isScrubbing || this.say(describe(), "frame"));
    session.addEventListener("selection", () => {
      const object = session.object(session.selected);
      if (object) this.say(titleOf(object), "object");
      else if (session.isAdding) this.say("New object: click on it", "object");
    });
    session.addEventListener("tool", () => {
      if (this.#tool !== pointer.tool && this.#tool !== null) this.say(tools[pointer.tool], "tool");
      if (this.#sign !== pointer.saysNot) this.say(pointer.saysNot ? "Clicks and lines say: not this" : "Clicks and lines say: this", "sign");
      [this.#tool, this.#sign] = [pointer.tool, pointer.saysNot];
    });
    session.addEventListener("progress", ({ detail: ended }) => {
      if (!ended?.ending || ended.error) return;
      this.say(ended.ending === "complete" ? "Tracked" : "Tracking cancelled; what is done stays", "tracking");
    });
  }
}
