// What the page asks the server and is told by it. Every answer that is not asked for comes as an event.

export class ServerError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** What is said of everything that a lost connection has taken along. */
export const lostAlong = "The connection was lost: what was done just before may be missing.";

/** All that is asked while the connection lasts: no request outlives it, to be answered, or done, when nobody thinks of it any more. */
let line = new AbortController();

function hangUp() {
  line.abort();
  line = new AbortController();
}

/** - read: what is wanted of the answer. */
async function ask(path, options = {}, read = (response) => response.json()) {
  const { signal } = line;
  const both = options.signal ? AbortSignal.any([signal, options.signal]) : signal;
  try {
    const response = await fetch(path, { credentials: "same-origin", ...options, signal: both });
    if (response.ok) return await read(response);
    const said = await response.json().catch(() => null);
    throw new ServerError(said?.error ?? `The program answered with status ${response.status}.`, response.status);
  } catch (error) {
    if (error instanceof ServerError || options.signal?.aborted) throw error;
    throw new ServerError(signal.aborted ? lostAlong : "The program does not answer.", 0);
  }
}

export function get(path) {
  return ask(path);
}

export function post(path, body = {}, signal) {
  const headers = { "Content-Type": "application/json", "X-Sampt": "1" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

export function upload(path, file, format) {
  const headers = { "Content-Type": "application/octet-stream", "X-Sampt": "1", "X-Name": encodeURIComponent(file.name) };
  if (format) headers["X-Format"] = format;
  return ask(path, { method: "POST", headers, body: file });
}

/** - key: of the video: another one at the same address has other pictures. */
export async function picture(frame, key) {
  return createImageBitmap(await ask(`api/frames/${frame}.jpg?v=${key}`, {}, (response) => response.blob()));
}

const silence = 9000; // The server says something every three seconds.
const pause = 1000;

/**
 * Keeps the stream of events open. `onChange(true)` once it is there again, `onChange(false, why)` when it is lost; why: null, or what the
 * program says where it lets this page in no more.
 */
export function listen(handlers, onChange) {
  let source;
  let timer;
  let connected = null;
  let reason = null;
  const tell = (now, why = null) => {
    if (now === connected && why === reason) return;
    if (connected !== null && now !== connected) hangUp();
    [connected, reason] = [now, why];
    onChange(now, why);
  };
  const after = (milliseconds, work) => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
  const heard = () => after(silence, lost);
  function lost() {
    source.close();
    tell(false, reason);
    after(pause, open);
  }
  /** An answer with an error status ends a stream without saying which. */
  async function askWhy() {
    const why = await get("api/state").then(() => null, (error) => ([401, 403].includes(error.status) ? error.message : null));
    // The stream may be there again by now.
    if (!connected) tell(false, why);
  }
  function open() {
    source = new EventSource("api/events");
    source.onopen = () => {
      heard();
      tell(true);
    };
    source.onerror = () => {
      lost();
      askWhy();
    };
    source.addEventListener("beat", heard);
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        heard();
        handle(JSON.parse(event.data));
      });
    }
    heard();
  }
  open();
}
