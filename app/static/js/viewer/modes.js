// How the two pictures are shown: beside each other, split, laid over each other, or in turn.
const STEP = 2;
const FLICKER_MS = 600; // below three changes of light a second (WCAG 2.3.1)

const NAMES = {
  side: "Side by side", columns: "Split left and right", rows: "Split top and bottom", overlay: "Overlay",
  flicker: "Flicker",
};

export class Modes {
  constructor(root, say) {
    Object.assign(this, {
      root, say, stage: root.querySelector("[data-stage]"), slider: root.querySelector("[data-opacity] input"),
      mode: "side", split: 50, opacity: 50, timer: 0,
    });
    this.handle = this.makeHandle();
    this.slider.addEventListener("input", () => this.set("opacity", Number(this.slider.value)));
  }

  choose(mode) {
    this.stop();
    this.mode = mode;
    this.stage.dataset.mode = mode;
    this.stage.classList.remove("is-off");
    this.handle.hidden = mode !== "columns" && mode !== "rows";
    this.handle.setAttribute("aria-orientation", mode === "rows" ? "vertical" : "horizontal");
    this.slider.closest("[data-opacity]").hidden = mode !== "overlay";
    for (const button of this.root.querySelectorAll("[data-do^='mode:']"))
      button.setAttribute("aria-pressed", String(button.dataset.do === `mode:${mode}`));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (mode === "flicker" && !still) this.start();
    this.say(mode === "flicker" && still ? "Flicker, stopped: Space starts it, and the keys of the split step it" : NAMES[mode]);
  }

  /** Move the split or the opacity by steps, or show the other picture by hand. */
  step(direction) {
    if (this.mode === "overlay") this.set("opacity", this.opacity + direction * STEP);
    else if (this.mode === "flicker") {
      this.stop();
      this.swap();
    } else if (!this.handle.hidden) this.set("split", this.split + direction * STEP);
  }

  set(what, value) {
    this[what] = Math.min(100, Math.max(0, value));
    this.stage.style.setProperty(`--${what}`, `${this[what]}%`);
    this.handle.setAttribute("aria-valuenow", String(Math.round(this.split)));
    this.slider.value = String(this.opacity);
  }

  swap() {
    const off = this.stage.classList.toggle("is-off");
    this.say(off ? "Probe" : "Photograph");
  }

  start() {
    this.timer = setInterval(() => this.stage.classList.toggle("is-off"), FLICKER_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }

  pause() {
    if (this.mode !== "flicker") return;
    if (this.timer) this.stop();
    else this.start();
    this.say(this.timer ? "Flicker" : "Flicker stopped");
  }

  makeHandle() {
    const handle = document.createElement("div");
    handle.className = "cor-viewer__handle";
    handle.tabIndex = 0;
    handle.hidden = true;
    const words = { role: "slider", "aria-label": "Split between probe and photograph, percent" };
    const values = { "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50" };
    for (const [name, value] of Object.entries({ ...words, ...values })) handle.setAttribute(name, value);
    handle.addEventListener("pointerdown", (event) => {
      handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.stage.querySelector("svg").getBoundingClientRect();
      const rows = this.mode === "rows";
      const part = rows ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width;
      this.set("split", part * 100);
    });
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, PageUp: -5, PageDown: 5 }[event.key];
      const ends = { Home: 0, End: 100 }[event.key];
      if (by === undefined && ends === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.set("split", ends ?? this.split + by * STEP);
    });
    this.stage.append(handle);
    return handle;
  }
}
