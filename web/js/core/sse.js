/** Server-sent events, as the HTML standard says to read them, from pieces of text that may end anywhere. */

/** @typedef {{ type: string, data: string, id: string }} StreamEvent */

export class EventParser {
  /** @param {(event: StreamEvent) => void} emit */
  constructor(emit) {
    this.emit = emit;
    this.rest = "";
    this.type = "";
    /** @type {string[]} */
    this.data = [];
    this.id = "";
  }

  /** @param {string} text */
  push(text) {
    this.rest += text;
    // A carriage return at the end may be half of a line end.
    const cut = this.rest.endsWith("\r") ? this.rest.length - 1 : this.rest.length;
    const lines = this.rest.slice(0, cut).split(/\r\n|\n|\r/);
    this.rest = lines.pop() + this.rest.slice(cut);
    for (const line of lines) this.line(line);
  }

  /** @param {string} line */
  line(line) {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) return;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.type = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
  }

  dispatch() {
    if (this.data.length > 0) this.emit({ type: this.type || "message", data: this.data.join("\n"), id: this.id });
    this.type = "";
    this.data = [];
  }
}
