// All that the keyboard does. The help shows this table.

export const keys = [
  ["Frames", [
    ["step", "ArrowRight", "next frame (Shift: 10)"], ["stepBack", "ArrowLeft", "frame before (Shift: 10)"],
    ["first", "Home", "first frame"], ["last", "End", "last frame"], ["play", "Space", "play, stop"],
    ["nextReview", "n", "next frame to look at"], ["previousReview", "p", "the one before"],
    ["nextAnchor", ".", "next frame that you marked"], ["previousAnchor", ",", "the one before"], ["goTo", "g", "go to a frame"],
  ]],
  ["Tracking", [
    ["track", "t", "all that is out of date"], ["trackForward", "f", "the object, forwards"],
    ["trackBackward", "d", "the object, backwards"], ["range", "r", "limit it: from this frame; once more: to this frame"],
    ["cancel", "Escape", "cancel; what is done stays"], ["undo", "Ctrl+z", "undo; of tracking under way: cancel"], ["redo", "Ctrl+Shift+z", "redo"],
  ]],
  ["Objects", [
    ["addObject", "a", "new object"], ["select", "1 … 9", "select the object of that number"], ["nextObject", "x", "the next one"],
    ["rename", "F2", "rename it"], ["toggleShow", "v", "show or hide it"], ["toggleLock", "l", "lock it"], ["toggleSolo", "s", "show it alone"],
    ["raise", "Alt+ArrowUp", "further up: it lies on top"], ["lower", "Alt+ArrowDown", "further down"],
    ["candidates", "m", "another answer to a click"], ["nextPoint", "j", "choose a point; the next one"],
    ["remove", "Delete", "remove the chosen point"],
    ["clear", "Shift+Delete", "remove all marks of this frame"],
  ]],
  ["Tools", [
    ["toolClick", "c", "click and box"], ["toolBrush", "b", "brush"], ["toolEraser", "e", "eraser"], ["toolLasso", "o", "lasso"],
    ["toolHand", "h", "move the view"], ["sign", "q", "clicks and lines say: not this"],
    ["smaller", "[", "smaller brush"], ["larger", "]", "larger brush"],
    ["cross", "k", "the keyboard's pointer"],
  ]],
  ["View", [
    ["zoomIn", "+", "larger; on the timeline: fewer frames"], ["zoomOut", "-", "smaller"], ["fit", "0", "the whole frame"], ["outline", "u", "outlines"],
    ["onion", "i", "the frame before, as a veil"], ["help", "?", "this help"],
  ]],
  ["Masks", [["importMasks", "Ctrl+i", "import"], ["exportMasks", "Ctrl+e", "export"]]],
];

/** While the keyboard's pointer is there. */
export const crossKeys = [
  ["Arrows", "move it (Shift: 10; held: faster)"], ["Enter", "click; a dot; a lasso's corner"], ["Shift+Enter", "not this"],
  ["Space", "press, and let go: box, stroke, lasso; on a point: moves it"], ["Esc", "drops what is begun"],
  ["Page keys", "frame before, next"],
];

export const gestures = [
  ["Click", "on the object"], ["Right or Alt", "click: not this"], ["Finger rests", "not this"],
  ["Click another", "selects that object"], ["Drag", "a box"], ["Drag a point", "moves it, a tracked one too"],
  ["Wheel, pinch", "zoom, also on the timeline"], ["Shift-drag", "on the timeline: limits tracking to frames"],
];

/** What the strips show. */
export const marks = [
  ["bar", "seen; lower and redder: less sure"], ["line", "not seen"], ["hatched", "out of date: track"],
  ["diamond", "marked by you"], ["flag, wedge", "to look at"],
];

/** The name of a pressed key as the table has it. */
function nameOf(event) {
  let key = event.key === " " ? "Space" : event.key;
  if (key === "Backspace") key = "Delete";
  if (key.length === 1) key = key.toLowerCase();
  const isCommand = event.ctrlKey || event.metaKey;
  const takesShift = key.length > 1 || isCommand;
  return `${isCommand ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${event.shiftKey && takesShift ? "Shift+" : ""}${key}`;
}

const byKey = new Map(keys.flatMap(([, list]) => list.map(([command, key]) => [key, command])));
byKey.set("Ctrl+y", "redo").set("=", "zoomIn").set("Shift+ArrowRight", "leap").set("Shift+ArrowLeft", "leapBack");
byKey.set("PageDown", "step").set("PageUp", "stepBack").set("Shift+PageDown", "leap").set("Shift+PageUp", "leapBack");

export function commandOf(event) {
  if (/^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) return ["select", Number(event.key)];
  return [byKey.get(nameOf(event))];
}

export function keyOf(command) {
  return keys.flatMap(([, list]) => list).find(([name]) => name === command)?.[1];
}

/** As keyboards have it. */
export function shown(key) {
  return key.length === 1 ? key.toUpperCase() : key.replace(/Arrow(?=[A-Z])/, "").replace(/\+[a-z]$/, (letter) => letter.toUpperCase());
}

export function helpText() {
  const box = document.createElement("div");
  box.className = "keys";
  const section = (title, lines) => {
    const heading = document.createElement("h3");
    heading.textContent = title;
    box.append(heading);
    for (const [key, text] of lines) {
      const line = document.createElement("div");
      const name = document.createElement("span");
      const mark = document.createElement("kbd");
      mark.textContent = shown(key);
      name.append(mark);
      const meaning = document.createElement("span");
      meaning.textContent = text;
      line.append(name, meaning);
      box.append(line);
    }
  };
  section("Pointer and fingers", gestures);
  for (const [title, list] of keys) section(title, list.map(([, key, text]) => [key, text]));
  section("Keyboard's pointer (K)", crossKeys);
  section("Timeline", marks);
  return box;
}
