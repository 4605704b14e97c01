// Puts the page together: buttons and keys call commands, commands send edits.

import { Candidates } from "./candidates.js";
import { Crosshair } from "./crosshair.js";
import { ExportDialog, ImportDialog } from "./dialogs.js";
import { commandOf, helpText, keyOf, shown } from "./keys.js";
import { Marks } from "./marks.js";
import { ObjectList } from "./objects.js";
import { Playback } from "./playback.js";
import { lostAlong, post } from "./server.js";
import { Session } from "./session.js";
import { Speech } from "./speech.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Timeline } from "./timeline.js";
import { Tools } from "./tools.js";
import { loadView, saveView } from "./view.js";

const $ = (id) => document.getElementById(id);
const view = loadView();
const session = new Session();
const stage = new Stage($("canvas"), session, view);
const timeline = new Timeline($("timeline"), session);
const marks = new Marks(stage, session, view, act);
const tools = new Tools(stage, session, view, marks);
const speech = new Speech($("spoken"));
const crosshair = new Crosshair({ stage, session, view, tools, marks, speech, line: $("cross-line") });
const objects = new ObjectList($("objects"), session, act, say);
const candidates = new Candidates($("candidates"), session, act);
const playback = new Playback(session);
const status = new Status({ session, timeline, tools, playback, say });
const exporting = new ExportDialog(session);
const importing = new ImportDialog(session);

// MARK: Saying what happens

let messageTimer;

function say(text, isError = false) {
  $("message").textContent = text;
  $("message").classList.toggle("error", isError);
  $("message").hidden = false;
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => ($("message").hidden = true), 6000);
}

/**
 * Runs something that may fail; what is wrong is shown. Edits follow each other in the order in which they were made. Without a connection
 * nothing is begun, and what waits when it is lost is dropped: a person would have gone on by the time.
 */
let last = Promise.resolve();
let losses = 0;
session.addEventListener("connection", () => (losses += session.connected ? 0 : 1));
function act(work, refused = "nothing is changed") {
  const before = losses;
  const run = () => {
    if (losses !== before) throw new Error(lostAlong);
    return work();
  };
  const complain = (error) => say(error.message, true);
  try {
    session.mustBeConnected(refused);
    last = last.then(run).catch(complain);
  } catch (error) {
    complain(error);
  }
  return last;
}

// MARK: Commands

function track(fields) {
  const range = timeline.range ? { frames: timeline.range } : {};
  return act(async () => {
    await post("api/propagate", { v: 1, edit: "propagate", ...range, ...fields });
    await session.refresh();
  }, "nothing is tracked");
}

function trackSelected(direction) {
  if (session.selected === null) return say("Mark an object first: click on it.");
  const frames = direction === "forward" ? [session.frame, session.lastFrame] : [0, session.frame];
  track({ objects: [session.selected], direction, ...(timeline.range ? {} : { frames }) });
}

function review(direction) {
  const frames = [...new Set((session.timeline?.review ?? []).map((one) => one.frame))].sort((a, b) => a - b);
  const next = direction > 0 ? frames.find((f) => f > session.frame) : frames.findLast((f) => f < session.frame);
  const frame = next ?? (direction > 0 ? frames[0] : frames.at(-1));
  if (frame === undefined) return say("There are no frames to look at.");
  session.show(frame);
  const first = session.timeline.review.find((one) => one.frame === frame);
  if (first?.object) session.select(first.object);
}

function anchor(direction) {
  const frames = [...new Set((session.timeline?.objects ?? []).flatMap((one) => one.anchors))].sort((a, b) => a - b);
  const next = direction > 0 ? frames.find((f) => f > session.frame) : frames.findLast((f) => f < session.frame);
  if (next !== undefined) session.show(next);
}

/** The first call begins a range at this frame, the second ends it here, the third takes it away. */
let rangeStart = null;
function limit() {
  if (rangeStart !== null) {
    timeline.setRange([rangeStart, session.frame]);
    rangeStart = null;
  } else if (!timeline.clearRange()) {
    rangeStart = session.frame;
    timeline.setRange([rangeStart, rangeStart]);
    say("Go to the frame where tracking is to end, and press R (or the button) again.");
  }
}

function zoom(factor) {
  if (document.activeElement === $("timeline")) return timeline.zoom(1 / factor);
  const { width, height } = stage.size;
  stage.camera.zoom(factor, stage.cross ? stage.camera.toCanvas(stage.cross) : { x: width / 2, y: height / 2 });
  stage.draw();
}

function brush(factor) {
  view.brush = Math.max(1, Math.min(100, Math.round(view.brush * factor + Math.sign(factor - 1))));
  showView();
}

/** One thing after the other: what is being drawn, tracking, its limits, what is chosen. */
function escape() {
  if (stage.gesture) return tools.cancel();
  if (session.state?.propagation) return act(() => post("api/cancel"));
  rangeStart = null;
  if (timeline.clearRange()) return;
  tools.cancel();
  if (session.isAdding) session.select(session.objects.at(-1)?.id ?? null);
  crosshair.hide();
  stage.chosen = null;
  stage.draw();
}

/** From its beginning: a dialog that is higher than the window would show its button first. */
function help() {
  $("help-dialog").showModal();
  $("help-dialog").focus();
  $("help-dialog").scrollTop = 0;
}

const onSelected = (work) => () => (session.selected === null ? say("Select an object first.") : work(session.selected));

const commands = {
  step: () => session.show(session.frame + 1),
  stepBack: () => session.show(session.frame - 1),
  leap: () => session.show(session.frame + 10),
  leapBack: () => session.show(session.frame - 10),
  first: () => session.show(0),
  last: () => session.show(session.lastFrame),
  play: () => playback.toggle(),
  nextReview: () => review(1),
  previousReview: () => review(-1),
  nextAnchor: () => anchor(1),
  previousAnchor: () => anchor(-1),
  goTo: () => $("frame").select(),
  track: () => track({ direction: "both" }),
  trackForward: () => trackSelected("forward"),
  trackBackward: () => trackSelected("backward"),
  range: limit,
  cancel: escape,
  undo: () => act(async () => {
    const change = await session.edit({ edit: "undo" });
    if (change.hasCancelled) say("Tracking is cancelled. What is done stays; a further undo takes it back.");
  }),
  redo: () => act(() => session.edit({ edit: "redo" })),
  addObject: () => session.add(),
  select: (id) => (session.object(id) ? session.select(id) : say(`There is no object ${id}.`)),
  nextObject: () => {
    const place = session.objects.findIndex((object) => object.id === session.selected);
    const next = session.objects[(place + 1) % session.objects.length];
    if (next) session.select(next.id);
  },
  rename: onSelected((id) => $("objects").querySelector(`[data-focus="name-${id}"]`)?.select()),
  toggleShow: onSelected((id) => speech.say(objects.toggle("hidden", id) ? "Hidden" : "Shown", "shown")),
  toggleLock: onSelected((id) => speech.say(objects.toggle("locked", id) ? "Locked" : "Unlocked", "locked")),
  toggleSolo: onSelected((id) => speech.say(objects.toggleSolo(id) ? "Shown alone" : "All are shown", "shown")),
  raise: onSelected((id) => objects.step(id, -1)),
  lower: onSelected((id) => objects.step(id, 1)),
  candidates: () => candidates.step(),
  nextPoint: () => crosshair.nextPoint() || say("There is no point of the selected object in this frame."),
  remove: () => marks.removeChosen() || say("Click on a point first (or J): that one is removed."),
  clear: onSelected((object) => {
    const { frame } = session;
    act(() => session.edit({ edit: "clear-anchor", object, frame }));
  }),
  toolClick: () => tools.set("click"),
  toolBrush: () => tools.set("brush"),
  toolEraser: () => tools.set("eraser"),
  toolLasso: () => tools.set("lasso"),
  toolHand: () => tools.set("hand"),
  sign: () => tools.toggleNot(),
  smaller: () => brush(0.8),
  larger: () => brush(1.25),
  cross: () => crosshair.toggle(),
  zoomIn: () => zoom(1.25),
  zoomOut: () => zoom(0.8),
  fit: () => (document.activeElement === $("timeline") ? timeline.showAll() : stage.fit()),
  outline: () => {
    view.outline = !view.outline;
    showView();
  },
  onion: () => {
    view.onion = !view.onion;
    showView();
  },
  importMasks: () => importing.open(),
  exportMasks: () => exporting.open(),
  help,
};

// MARK: Keys

function onKey(event) {
  if (document.querySelector("dialog[open]")) return;
  const typing = event.target.matches("input[type=text], select");
  if (typing && event.key !== "Escape") return;
  // Buttons keep the keys that press them.
  if (event.target.matches("button, input") && ["Enter", " "].includes(event.key)) return;
  if (event.target === $("canvas") && crosshair.take(event)) return event.preventDefault();
  if (event.target.matches("input[type=range]") && event.key.startsWith("Arrow")) return;
  const [command, value] = commandOf(event);
  if (!command) return;
  event.preventDefault();
  commands[command](value);
}

// MARK: Showing state

function showView() {
  for (const name of ["opacity", "brightness", "contrast"]) $(`view-${name}`).value = view[name];
  for (const name of ["outline", "points", "trails", "onion", "preview"]) $(`view-${name}`).checked = view[name];
  $("view-preview").parentElement.title = tools.preview.isQuick ? "What a click would give, under the pointer" : "The models are too slow for it";
  $("brush-size").value = view.brush;
  $("brush-size-text").textContent = view.brush;
  if (stage.brushRadius) stage.brushRadius = view.brush;
  saveView(view);
  session.tell("view");
}

// MARK: Start

function wire() {
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-key]")) {
    button.addEventListener("click", () => commands[button.dataset.key]());
    const key = keyOf(button.dataset.key);
    const label = button.getAttribute("aria-label") ?? button.textContent;
    if (key) button.title = `${label} (${shown(key)})`;
  }
  $("help-text").append(helpText());
  $("hint-close").addEventListener("click", () => {
    localStorage.setItem("sampt-hint", "seen");
    $("hint").hidden = true;
  });
  $("frame").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const frame = Number.parseInt($("frame").value, 10);
      if (Number.isFinite(frame)) session.show(frame);
    }
    if (event.key === "Enter" || event.key === "Escape") {
      $("canvas").focus();
      status.showFrame();
    }
  });
  for (const name of ["opacity", "brightness", "contrast"]) {
    $(`view-${name}`).addEventListener("input", (event) => {
      view[name] = Number(event.target.value);
      showView();
    });
    $(`view-${name}`).addEventListener("dblclick", () => {
      view[name] = name === "opacity" ? 0.45 : 1;
      showView();
    });
  }
  for (const name of ["outline", "points", "trails", "onion", "preview"]) {
    $(`view-${name}`).addEventListener("change", (event) => {
      view[name] = event.target.checked;
      showView();
    });
  }
  $("brush-size").addEventListener("input", (event) => {
    view.brush = Number(event.target.value);
    showView();
  });
  speech.follow(session, tools, () => timeline.describe({ frame: session.frame, object: session.object(session.selected) }));
  // A connection that is lost is said elsewhere.
  session.addEventListener("failed", ({ detail }) => session.connected && detail.status !== 0 && say(detail.message, true));
}

async function start() {
  wire();
  try {
    await session.open();
  } catch (error) {
    return say(error.message, true);
  }
  const { project } = session;
  document.title = `${project.video.name} – sampt`;
  $("title").textContent = project.video.name;
  if (project.models.missing) say(`You can look, paint and export, but not track: ${project.models.missing}`);
  if (session.objects.length) session.select(session.objects[0].id);
  timeline.open();
  stage.resize();
  stage.fit();
  tools.set("click");
  showView();
  status.showFrame();
}

/** For tests and for those who look under the hood. */
window.sampt = { session, stage, timeline, tools };
start();
