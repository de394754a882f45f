// One view on two panes: the same turn, zoom and shift for both, each picture brought to its eyes first.
import { about, anchor, compose, matrix, place, scaleOf } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const numbers = (text) => (text ? text.trim().split(/\s+/).map(Number) : []);

/** One picture of a pane: its element, size and eyes in its own pixels, where it lies now. */
class Layer {
  constructor(element) {
    const eyes = numbers(element.dataset.eyes);
    Object.assign(this, {
      element, key: element.dataset.image, label: element.dataset.label, alt: element.dataset.alt,
      size: numbers(element.dataset.size), eyes: eyes.length === 4 ? [eyes.slice(0, 2), eyes.slice(2)] : null,
      base: [1, 0, 0, 0], drawn: element.querySelector("[data-drawn]"),
    });
  }
}

/** One half of the viewer: its SVG, its pictures, the one that shows. */
class Pane {
  constructor(figure) {
    this.side = figure.dataset.pane;
    this.svg = figure.querySelector("svg");
    this.group = this.svg.querySelector("[data-view]");
    this.caption = figure.querySelector("[data-caption]");
    this.layers = [...this.group.querySelectorAll("[data-image]")].map((element) => new Layer(element));
    this.shown = this.layers.find((one) => one.element.classList.contains("is-shown"));
    this.over = document.createElementNS(SVG, "g");
    this.svg.append(this.over);
  }

  show(key) {
    const wanted = this.layers.find((one) => one.key === key);
    if (!wanted) return false;
    this.shown = wanted;
    for (const one of this.layers) one.element.classList.toggle("is-shown", one === wanted);
    this.caption.textContent = wanted.label;
    this.svg.setAttribute("aria-label", wanted.alt);
    return true;
  }
}

/** The state of the view; `changed` is called after each drawing. */
export class View {
  constructor(root) {
    this.panes = [...root.querySelectorAll("[data-pane]")].map((figure) => new Pane(figure));
    [this.probe, this.photo] = this.panes;
    Object.assign(this, { level: true, grid: false, crossed: false, changed: [] });
    this.home();
    new ResizeObserver(() => this.draw()).observe(this.probe.svg);
  }

  /** The size of a pane in pixels; both have one, but for parts of a pixel that would set the pictures apart. */
  get box() {
    const { width, height } = this.probe.svg.getBoundingClientRect();
    return { width, height };
  }

  home() {
    Object.assign(this, { zoom: 1, turn: 0, shift: [0, 0] });
  }

  /** Shift in parts of the distance between the eyes, so that it means the same in a pane of another size. */
  pan(right, down) {
    this.shift = [this.shift[0] + right, this.shift[1] + down];
    this.draw();
  }

  /** Zoom by a factor; the place `at` (pixels of the pane) stays where it is, else the middle between the eyes. */
  closer(factor, at) {
    const zoom = Math.min(60, Math.max(0.2, this.zoom * factor));
    const { centre, apart } = anchor(this.box);
    if (at) {
      const ratio = zoom / this.zoom;
      this.shift = this.shift.map((value, axis) => {
        const away = at[axis] - centre[axis];
        return (away - ratio * (away - value * apart)) / apart;
      });
    }
    this.zoom = zoom;
    this.draw();
  }

  /** One pixel of the probe for one of the screen. */
  pixels() {
    this.closer(1 / scaleOf(this.whole(this.probe)));
  }

  rotate(degrees) {
    this.turn = ((this.turn + degrees + 540) % 360) - 180;
    this.draw();
  }

  /** The map from pixels of a pane's shown picture to pixels of the pane. */
  whole(pane) {
    return compose(this.outer, pane.shown.base);
  }

  draw() {
    const { box } = this;
    if (!box.width || !box.height) return;
    const { centre, apart } = anchor(box);
    this.outer = about(centre, this.turn, this.zoom, this.shift.map((value) => value * apart));
    for (const pane of this.panes) {
      pane.svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
      pane.group.setAttribute("transform", matrix(this.outer));
      for (const layer of pane.layers) {
        layer.base = place(layer, box, this.level);
        layer.element.setAttribute("transform", matrix(layer.base));
        layer.element.classList.toggle("is-pixels", scaleOf(layer.base) * this.zoom > 4);
      }
      this.lines(pane, box);
    }
    for (const tell of this.changed) tell(this);
  }

  /** The cross for placing a mark, and the grid: the same lines in both panes, half the distance between the eyes at zoom 1 apart. */
  lines(pane, box) {
    pane.over.replaceChildren();
    const { centre, apart } = anchor(box);
    const step = apart / 2;
    const draw = (cls, x1, y1, x2, y2) => {
      const element = document.createElementNS(SVG, "line");
      for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) element.setAttribute(name, value);
      element.setAttribute("class", cls);
      pane.over.append(element);
    };
    if (this.crossed) {
      const [x, y] = centre;
      for (const [from, to] of [[-18, -5], [5, 18]]) {
        draw("cor-cross", x + from, y, x + to, y);
        draw("cor-cross", x, y + from, x, y + to);
      }
    }
    if (!this.grid) return;
    const line = (x1, y1, x2, y2, main) => draw(main ? "cor-gridline is-main" : "cor-gridline", x1, y1, x2, y2);
    for (let x = centre[0] % step; x <= box.width; x += step) line(x, 0, x, box.height, Math.abs(x - centre[0]) < 0.5);
    for (let y = centre[1] % step; y <= box.height; y += step) line(0, y, box.width, y, Math.abs(y - centre[1]) < 0.5);
  }

  /** What the zoom is, in pixels of the screen for one of the picture. */
  get words() {
    const percent = (pane) => Math.round(scaleOf(this.whole(pane)) * 100);
    const turned = this.turn ? `, turned ${+this.turn.toFixed(1)}°` : "";
    return `Probe ${percent(this.probe)} %, photograph ${percent(this.photo)} %${turned}`;
  }
}
